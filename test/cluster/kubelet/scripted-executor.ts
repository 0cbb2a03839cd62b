import type { Clock } from '../../../std/clock.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { ContainerEnd, ContainerStart, Executor, RunningContainer } from './executor.ts'
import type { Container, Pod } from './pod-object.ts'

/** How a container of the script behaves. */
export interface ScriptedRun {
  /** Time from its start to its end; it runs until it is stopped when absent. */
  readonly afterMs?: number
  readonly exitCode: number
  readonly terminationMessage?: string
  /** Such as `OOMKilled`. */
  readonly reason?: string
  /** The whole pod ends with it, as `Evicted`. */
  readonly podEnd?: ContainerEnd['podEnd']
  /** What it reports while it runs; delivered before it ends. */
  readonly reports?: readonly unknown[]
  /**
   * How it ends when it is stopped: at once as given, with 143 when absent, or not before the end
   * of the grace period.
   */
  readonly onStop?: Pick<ScriptedRun, 'exitCode' | 'terminationMessage'> | 'Ignores'
}

interface ScriptedPorts {
  readonly clock: Clock
  readonly script: (pod: Pod, container: Container) => ScriptedRun
  /** Delivers what a container reports, as its program would over the bus. */
  readonly deliver?: (pod: Pod, reports: readonly unknown[]) => Promise<void>
}

/** Runs containers as a script says, without processes: hundreds of pods in milliseconds. */
export const scriptedExecutor = (ports: ScriptedPorts): Executor => ({
  readsFiles: false,
  start: async (start) => startScripted(start, ports),
})

function startScripted(
  { pod, container }: ContainerStart,
  { clock, script, deliver }: ScriptedPorts,
): RunningContainer {
  const run = script(pod, container)
  const { promise: ended, resolve } = Promise.withResolvers<ContainerEnd>()
  const cancels: (() => void)[] = []
  const end = (how: ContainerEnd): void => {
    for (const cancel of cancels) cancel()
    resolve(how)
  }
  const endByItself = async (): Promise<void> => {
    await deliver?.(pod, run.reports ?? [])
    end(toContainerEnd(run))
  }
  if (run.afterMs !== undefined) {
    cancels.push(clock.after(run.afterMs, () => void endByItself()))
  }
  const stop = (graceMs: number): void => {
    if (run.onStop === 'Ignores') {
      cancels.push(clock.after(graceMs, () => end({ exitCode: 137 })))
    } else end(toContainerEnd(run.onStop ?? { exitCode: 143 }))
  }
  return { ended, stop, execute: async () => 0 }
}

const toContainerEnd = ({
  exitCode,
  terminationMessage,
  reason,
  podEnd,
}: Pick<ScriptedRun, 'exitCode' | 'terminationMessage' | 'reason' | 'podEnd'>): ContainerEnd => ({
  exitCode,
  ...omitUndefined({ terminationMessage, reason, podEnd }),
})
