/** Where a namespace may be said, each absent or empty where it is not. */
export interface NamespaceSources {
  /** --namespace. */
  readonly flag: string | undefined
  /** Of the context in the kubeconfig. */
  readonly context: string | undefined
  /** Of the pod that this process is in. */
  readonly pod: string | undefined
}

/** The namespace that is meant, in the order of kubectl: as asked, else of the context, else of the pod, else `default`. */
export const chooseNamespace = ({ flag, context, pod }: NamespaceSources): string =>
  flag || context || pod || 'default'
