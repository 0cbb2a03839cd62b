/** Where an object of a kind is; the namespace is empty for kinds of the whole cluster. */
export interface ObjectKey {
  readonly namespace: string
  readonly name: string
}

/** `namespace/name`, as client-go writes it. */
export const formatObjectKey = ({ namespace, name }: ObjectKey): string => `${namespace}/${name}`

/** The inverse of formatObjectKey: no namespace has a slash in its name. */
export function parseObjectKey(text: string): ObjectKey {
  const slash = text.indexOf('/')
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) }
}
