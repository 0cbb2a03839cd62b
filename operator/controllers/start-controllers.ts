import type { WorkObserver } from '../../kube/queue/work-observer.ts'
import { createWorkQueue } from '../../kube/queue/work-queue.ts'
import { isEnded } from '../core/conditions.ts'
import type { StoredRun, StoredSweep } from '../ports/objects.ts'
import type { ControllerPorts } from './controller-ports.ts'
import { endingNamespaces } from './ending-namespaces.ts'
import { keepTallies } from './kept-tallies.ts'
import { keyText, parseKey } from './object-key.ts'
import { reconcileRun } from './run-controller.ts'
import { reconcileSweep } from './sweep-controller.ts'

export interface Failure {
  readonly kind: 'NeCoRun' | 'NeCoSweep'
  readonly key: string
  readonly error: unknown
}

export interface ControllerOptions {
  readonly observers?: Partial<Record<Failure['kind'], WorkObserver>>
  /** Objects of a kind worked on at once. */
  readonly concurrency?: number
}

/** Running controllers. */
export interface Controllers {
  /** Resolves when nothing is left to do until something changes. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** Starts the controllers of both kinds on a home; `failed` hears of every failed round, which is tried again. */
export function startControllers(
  ports: ControllerPorts,
  failed: (failure: Failure) => void,
  { observers = {}, ...concurrency }: ControllerOptions = {},
): Controllers {
  const { clock } = ports
  const tallies = keepTallies(ports.runs)
  const sparing = endingNamespaces(clock)
  const roundOfRun = sparing(ports.runs, (key) => reconcileRun(ports, key))
  const roundOfSweep = sparing(ports.sweeps, (key) => reconcileSweep(ports, key, tallies))
  const runs = createWorkQueue({
    ...concurrency,
    clock,
    reconcile: async (text) => {
      const key = parseKey(text)
      const result = await roundOfRun(key)
      const sweep = tallies.record(key, await ports.runs.get(key))
      if (sweep !== undefined) sweeps.add(sweep)
      return result
    },
    failed: (key, error) => failed({ kind: 'NeCoRun', key, error }),
    observer: observers.NeCoRun,
  })
  const sweeps = createWorkQueue({
    ...concurrency,
    clock,
    reconcile: (text) => roundOfSweep(parseKey(text)),
    failed: (key, error) => failed({ kind: 'NeCoSweep', key, error }),
    observer: observers.NeCoSweep,
  })
  const stopWatching = [
    ports.sweeps.watch((key, urgency) => sweeps.add(keyText(key), urgency)),
    ports.runs.watch((key, urgency) => runs.add(keyText(key), urgency)),
    ports.jobs.watch((key, urgency) => runs.add(keyText(key), urgency)),
    ports.hints.watchBus(() => void wakeLive().catch(() => {})),
  ]
  /** Every object that goes on says whether the bus is away, and what ended pods left waits for it. One that is not woken here is by its next change. */
  async function wakeLive(): Promise<void> {
    const isLive = ({ status }: StoredRun | StoredSweep) => !isEnded(status?.conditions)
    const isWaiting = (run: StoredRun) => isLive(run) || run.status?.leftReports !== undefined
    for (const run of (await ports.runs.list()).filter(isWaiting)) runs.add(keyText(run.metadata))
    for (const sweep of (await ports.sweeps.list()).filter(isLive)) {
      sweeps.add(keyText(sweep.metadata))
    }
  }
  return {
    async idle() {
      while (!(runs.isIdle() && sweeps.isIdle())) await Promise.all([runs.idle(), sweeps.idle()])
    },
    async close() {
      for (const stop of stopWatching) stop()
      await Promise.all([runs.close(), sweeps.close()])
    },
  }
}
