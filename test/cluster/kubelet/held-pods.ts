import type { ContainerEnd, Executor } from './executor.ts'

/** Pods without processes, each of which runs until a test ends it. */
export interface HeldPods {
  readonly executor: Executor
  /** Ends the container of the newest pod of a Job, namespace/name, as soon as it runs. */
  readonly end: (job: string, how: ContainerEnd) => Promise<void>
}

type PendingEnd = PromiseWithResolvers<ContainerEnd>

/** Makes them; `stopped` is how a container ends that is asked to. */
export function createHeldPods(stopped: ContainerEnd = { exitCode: 143 }): HeldPods {
  const running = new Map<string, PendingEnd>()
  const awaited = new Map<string, PromiseWithResolvers<PendingEnd>>()
  const onceRunning = (job: string): Promise<PendingEnd> => {
    const waiting = awaited.get(job) ?? Promise.withResolvers<PendingEnd>()
    awaited.set(job, waiting)
    return waiting.promise
  }
  /** A Job that is made again under its name has its new pod before the old one has gone. */
  const forget = (job: string, ended: PendingEnd): void => {
    if (running.get(job) === ended) running.delete(job)
  }
  return {
    executor: {
      readsFiles: false,
      start: async ({ pod }) => {
        const { namespace, labels } = pod.metadata
        const job = `${namespace}/${labels?.['batch.kubernetes.io/job-name']}`
        const ended: PendingEnd = Promise.withResolvers()
        running.set(job, ended)
        awaited.get(job)?.resolve(ended)
        awaited.delete(job)
        return {
          ended: ended.promise.finally(() => forget(job, ended)),
          stop: () => ended.resolve(stopped),
          execute: async () => 0,
        }
      },
    },
    end: async (job, how) => {
      const ended = running.get(job) ?? (await onceRunning(job))
      ended.resolve(how)
    },
  }
}
