import { EXIT_CODES } from '../contract/exit-codes.ts'
import { API_GROUP_VERSION } from '../crds/names.ts'
import type { NeCoSweep } from '../crds/necosweep.ts'
import { reconcileRun } from '../operator/controllers/run-controller.ts'
import { reconcileSweep } from '../operator/controllers/sweep-controller.ts'
import { isEnded } from '../operator/core/conditions.ts'
import type { SimulatedHome } from './simulated-home.ts'

export const KEY = { namespace: 'default', name: 'study' }
export const PARALLELISM = 3
const scenes = { kind: 'Scenes' as const, count: 4 }

export const aStudy = (overrides: Partial<NeCoSweep['spec']> = {}): NeCoSweep => ({
  apiVersion: API_GROUP_VERSION,
  kind: 'NeCoSweep',
  metadata: { name: KEY.name },
  spec: {
    run: {
      data: scenes,
      evaluations: [
        {
          name: 'quality',
          protocols: ['InContext'],
          memory: scenes,
          validation: scenes,
          at: [0, 1],
        },
      ],
    },
    axes: [{ parameter: 'loss.studentSteepness', values: [10, 100, 1000] }],
    replicates: 2,
    parallelism: PARALLELISM,
    objective: { metric: 'inContextMiou' },
    ...overrides,
  },
})

/** A number that belongs to a run alone, so that a result can be recognized. */
export const measured = (name: string): number =>
  [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 7)

const termination = (name: string, isEvaluation: boolean) => {
  const found = { inContextMiou: measured(name) }
  return {
    schemaVersion: 1 as const,
    reason: 'Succeeded',
    message: 'done',
    reused: false,
    step: 40,
    metrics: isEvaluation ? {} : { loss: measured(name) / 10 },
    evaluations: isEvaluation ? [{ key: `key-${name}`, at: 1, metrics: found, figures: [] }] : [],
  }
}

/** One thing that can happen in the world outside the controllers, chosen by a number. */
type Happening = (home: SimulatedHome, pick: number) => void

const oneOf = <T>(list: readonly T[], pick: number): T | undefined =>
  list[pick % Math.max(1, list.length)]
export const inState = (home: SimulatedHome, state: string) =>
  [...home.jobList.values()].filter((job) => job.state === state)

export const startPod: Happening = (home, pick) => {
  const job = oneOf(inState(home, 'Pending'), pick)
  if (job !== undefined) home.setJob(job.name, { state: 'Running', startedMs: home.clock.nowMs() })
}
export const endPod: Happening = (home, pick) => {
  const job = oneOf(inState(home, 'Running'), pick)
  if (job === undefined) return
  home.setJob(job.name, {
    state: 'Succeeded',
    exitCode: 0,
    endedMs: home.clock.nowMs(),
    termination: termination(job.request.owner.name, job.request.program === 'evaluator'),
  })
}
const failTransiently: Happening = (home, pick) => {
  const job = oneOf(inState(home, 'Running'), pick)
  const isFirst = job?.request.attempt === 1
  if (job === undefined || !isFirst) return
  home.setJob(job.name, {
    state: 'Failed',
    exitCode: EXIT_CODES.Infrastructure,
    endedMs: home.clock.nowMs(),
  })
}
const removeEnding: Happening = (home) => {
  for (const job of home.jobList.values()) if (job.isEnding) home.jobList.delete(job.name)
}
const deleteByHand: Happening = (home, pick) => {
  const job = oneOf(inState(home, 'Running'), pick)
  if (job?.request.attempt === 1) home.jobList.delete(job.name)
}
const suspend: Happening = (home) => home.editSweep(KEY, { suspend: true })
const resume: Happening = (home) => home.editSweep(KEY, { suspend: false })
const lowerParallelism: Happening = (home) => home.editSweep(KEY, { parallelism: 1 })
const raiseParallelism: Happening = (home) => home.editSweep(KEY, { parallelism: PARALLELISM })

export const HAPPENINGS: readonly Happening[] = [
  startPod,
  startPod,
  endPod,
  endPod,
  failTransiently,
  removeEnding,
  deleteByHand,
  suspend,
  resume,
  lowerParallelism,
  raiseParallelism,
]

/** Reconciles the sweep, then each run once. */
export async function reconcileAll(home: SimulatedHome): Promise<void> {
  await reconcileSweep(home, KEY)
  for (const { metadata } of await home.runs.list()) await reconcileRun(home, metadata)
}

/** Lets everything that is left happen in good order. */
export async function drain(home: SimulatedHome): Promise<void> {
  home.editSweep(KEY, { suspend: false, parallelism: PARALLELISM })
  for (let round = 0; round < 100; round++) {
    await reconcileAll(home)
    const sweep = await home.sweeps.get(KEY)
    if (isEnded(sweep?.status?.conditions)) return
    removeEnding(home, 0)
    for (let i = 0; i < 6; i++) startPod(home, 0)
    for (let i = 0; i < 6; i++) endPod(home, 0)
  }
  throw new Error('the study did not end')
}
