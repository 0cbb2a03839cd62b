import type { ContainerEnd, Executor } from './kubelet/executor.ts'

/** Pods without processes, each of which runs until a test ends it. */
export interface HeldPods {
  readonly executor: Executor
  /** Ends the container of the pod of a Job, namespace/name, as soon as it runs. */
  readonly end: (job: string, how: ContainerEnd) => Promise<void>
}

/** Makes them; `stopped` is how a container ends that is asked to. */
export function heldPods(stopped: ContainerEnd = { exitCode: 143 }): HeldPods {
  const running = new Map<string, PromiseWithResolvers<(how: ContainerEnd) => void>>()
  const slot = (job: string) => {
    const found = running.get(job) ?? Promise.withResolvers<(how: ContainerEnd) => void>()
    running.set(job, found)
    return found
  }
  return {
    executor: {
      readsFiles: false,
      start: async ({ pod }) => {
        const { namespace, labels } = pod.metadata
        const job = `${namespace}/${labels?.['batch.kubernetes.io/job-name']}`
        const ended = Promise.withResolvers<ContainerEnd>()
        slot(job).resolve(ended.resolve)
        return {
          ended: ended.promise.finally(() => running.delete(job)),
          stop: () => ended.resolve(stopped),
          execute: async () => 0,
        }
      },
    },
    end: async (job, how) => {
      const end = await slot(job).promise
      end(how)
    },
  }
}
