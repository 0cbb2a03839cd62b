import { SWEEP_KIND } from '../../crds/names.ts'
import type { ObjectKey, StoredRun } from '../ports/objects.ts'
import type { ControllerPorts } from './controller-ports.ts'
import { keyText, parseKey } from './object-key.ts'
import { reconcileRun } from './run-controller.ts'
import { reconcileSweep } from './sweep-controller.ts'
import { createWorkQueue, type WorkQueue } from './work-queue.ts'

export interface Failure {
  readonly kind: 'NeCoRun' | 'NeCoSweep'
  readonly key: string
  readonly error: unknown
}

/** Running controllers. */
export interface Controllers {
  /** Resolves when nothing is left to do until something changes. */
  idle(): Promise<void>
  close(): Promise<void>
}

const sweepKeyOf = ({ metadata }: StoredRun): string | undefined => {
  const owner = metadata.ownerReferences?.find(({ kind }) => kind === SWEEP_KIND)
  return owner === undefined
    ? undefined
    : keyText({ namespace: metadata.namespace, name: owner.name })
}

/** A change of a run wakes the sweep that owns it. */
const wakeOwner = async (ports: ControllerPorts, key: ObjectKey, sweeps: WorkQueue) => {
  const run = await ports.runs.get(key)
  const owner = run === undefined ? undefined : sweepKeyOf(run)
  if (owner !== undefined) sweeps.add(owner)
}

/** Starts the controllers of both kinds on a home; `failed` hears of every failed round, which is tried again. */
export function startControllers(
  ports: ControllerPorts,
  failed: (failure: Failure) => void,
): Controllers {
  const { clock } = ports
  const runs = createWorkQueue({
    clock,
    reconcile: async (text) => {
      const key = parseKey(text)
      const result = await reconcileRun(ports, key)
      await wakeOwner(ports, key, sweeps)
      return result
    },
    failed: (key, error) => failed({ kind: 'NeCoRun', key, error }),
  })
  const sweeps = createWorkQueue({
    clock,
    reconcile: (text) => reconcileSweep(ports, parseKey(text)),
    failed: (key, error) => failed({ kind: 'NeCoSweep', key, error }),
  })
  const stopWatching = [
    ports.sweeps.watch((key) => sweeps.add(keyText(key))),
    ports.runs.watch((key) => runs.add(keyText(key))),
    ports.jobs.watch((key) => runs.add(keyText(key))),
  ]
  return {
    async idle() {
      await Promise.all([runs.idle(), sweeps.idle()])
    },
    async close() {
      for (const stop of stopWatching) stop()
      await Promise.all([runs.close(), sweeps.close()])
    },
  }
}
