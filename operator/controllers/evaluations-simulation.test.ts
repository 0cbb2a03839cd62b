import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EXIT_CODES } from '../../contract/exit-codes.ts'
import type { TerminationMessage } from '../../contract/run-report.ts'
import { formatTaskKey } from '../../contract/task-address.ts'
import { API_GROUP_VERSION } from '../../crds/names.ts'
import type { RunSpec } from '../../crds/spec/run-spec.ts'
import {
  createSimulatedPlatform,
  type SimulatedPlatform,
} from '../../test/fakes/simulated-platform.ts'
import { findCondition, isEnded } from '../core/conditions.ts'
import { NOOP_HINTS } from '../ports/hints.ts'
import { reconcileRun } from './run-controller.ts'

const KEY = { namespace: 'default', name: 'one' }
const TOTAL_STEPS = 40
const scenes = { kind: 'Scenes' as const, count: 4 }
const EVALUATIONS = [
  { name: 'training', at: [0, 0.5, 1] },
  { name: 'quarters', at: [0.25, 0.5, 0.75] },
  { name: 'ends', at: [0, 1] },
].map((entry) => ({
  ...entry,
  protocols: ['InContext' as const],
  memory: scenes,
  validation: scenes,
})) satisfies RunSpec['evaluations']

/** A run with its storage and the hints that reach the controllers. */
interface World {
  readonly platform: SimulatedPlatform
  readonly parallelism: number
  /** The step whose checkpoint lies on the storage, and the one that is reported. */
  storedStep: number
  reportedStep: number
  hasTrained: boolean
}

async function createWorld(parallelism: number): Promise<World> {
  const simulated = createSimulatedPlatform()
  const findCheckpoint = () => ({ step: world.reportedStep, totalSteps: TOTAL_STEPS })
  const platform = { ...simulated, hints: { ...NOOP_HINTS, findCheckpoint } }
  const world: World = { platform, parallelism, storedStep: 0, reportedStep: 0, hasTrained: false }
  await platform.runs.create({
    apiVersion: API_GROUP_VERSION,
    kind: 'NeCoRun',
    metadata: { name: KEY.name },
    spec: { data: scenes, evaluations: EVALUATIONS, evaluationParallelism: parallelism },
  })
  return world
}

type Job = SimulatedPlatform['jobList'] extends Map<string, infer J> ? J : never
const listJobs = ({ platform }: World, state: string): Job[] =>
  [...platform.jobList.values()].filter((job) => job.state === state)
const pickOne = <T>(list: readonly T[], pick: number): T | undefined =>
  list[pick % Math.max(1, list.length)]

/** What an evaluator that ends now has found on the storage. */
function measureStorage({ request }: Job, { storedStep, hasTrained }: World): TerminationMessage {
  const { at = [], name = '' } = request.evaluation ?? {}
  const isComplete = (fraction: number): boolean =>
    fraction === 0 || hasTrained || Math.round(fraction * TOTAL_STEPS) <= storedStep
  const isBeside = request.isBesideTraining === true
  const found = isBeside ? at.filter(isComplete) : at
  const unmeasured = at.filter((fraction) => !found.includes(fraction))
  return {
    schemaVersion: 1,
    reason: 'Succeeded',
    message: '',
    reused: false,
    step: 0,
    metrics: {},
    evaluations: found.map((fraction) => ({
      key: `${name} ${fraction}`,
      at: fraction,
      metrics: {},
      figures: [],
    })),
    ...(unmeasured.length === 0 ? {} : { unmeasured }),
  }
}

type Happening = (world: World, pick: number) => void | Promise<void>

const startPod: Happening = (world, pick) => {
  const job = pickOne(listJobs(world, 'Pending'), pick)
  if (job !== undefined) world.platform.setJob(job.name, { state: 'Running', startedMs: 0 })
}
const train: Happening = (world, pick) => {
  const isTraining = listJobs(world, 'Running').some(({ request }) => request.program === 'trainer')
  if (isTraining) world.storedStep = Math.min(TOTAL_STEPS, world.storedStep + 1 + (pick % 12))
}
const report: Happening = (world) => {
  world.reportedStep = world.storedStep
}
const loseHints: Happening = (world) => {
  world.reportedStep = 0
}
const endPod: Happening = (world, pick) => {
  const job = pickOne(listJobs(world, 'Running'), pick)
  if (job === undefined) return
  const isTraining = job.request.program === 'trainer'
  if (isTraining && world.storedStep < TOTAL_STEPS) return
  world.hasTrained ||= isTraining
  const termination = measureStorage(job, world)
  world.platform.setJob(job.name, { state: 'Succeeded', exitCode: 0, endedMs: 0, termination })
}
const failTransiently: Happening = (world, pick) => {
  const job = pickOne(listJobs(world, 'Running'), pick)
  if (job?.request.attempt !== 1) return
  const exitCode = EXIT_CODES.Infrastructure
  world.platform.setJob(job.name, { state: 'Failed', exitCode, endedMs: 0 })
}
const deleteByHand: Happening = (world, pick) => {
  const job = pickOne(listJobs(world, 'Running'), pick)
  if (job?.request.attempt === 1) world.platform.jobList.delete(job.name)
}
const removeEnding: Happening = ({ platform }) => {
  for (const job of platform.jobList.values()) if (job.isEnding) platform.jobList.delete(job.name)
}
const setSuspend =
  (suspend: boolean): Happening =>
  async ({ platform }) => {
    const run = await platform.runs.get(KEY)
    if (run === undefined) return
    const { spec, metadata } = run
    await platform.runs.writeSpec(KEY, { ...spec, suspend }, metadata.resourceVersion)
  }
const HAPPENINGS: readonly Happening[] = [
  startPod,
  startPod,
  train,
  train,
  report,
  endPod,
  endPod,
  loseHints,
  failTransiently,
  deleteByHand,
  removeEnding,
  setSuspend(true),
  setSuspend(false),
]

/** Never two live Jobs of a task, and never more evaluators than the run allows. */
function checkJobs(world: World): void {
  const live = [...listJobs(world, 'Pending'), ...listJobs(world, 'Running')].filter(
    ({ isEnding }) => !isEnding,
  )
  const keys = live.map(({ request }) => formatTaskKey(request.task))
  expect(new Set(keys).size).toBe(keys.length)
  const evaluators = live.filter(({ request }) => request.program === 'evaluator')
  const most = world.hasTrained ? Math.max(1, world.parallelism) : world.parallelism
  expect(evaluators.length).toBeLessThanOrEqual(most)
}

const snapshot = async ({ platform }: World): Promise<string> =>
  JSON.stringify([await platform.runs.list(), [...platform.jobList]])

/** Lets everything that is left happen in good order. */
async function drain(world: World): Promise<void> {
  await setSuspend(false)(world, 0)
  for (let iteration = 0; iteration < 100; iteration++) {
    await reconcileRun(world.platform, KEY)
    const run = await world.platform.runs.get(KEY)
    if (isEnded(run?.status?.conditions)) return
    await removeEnding(world, 0)
    for (let pod = 0; pod < 4; pod++) await startPod(world, 0)
    await train(world, 6)
    await report(world, 0)
    for (const pick of [0, 1, 2, 3]) await endPod(world, pick)
  }
  throw new Error('the run did not end')
}

const ALL_MEASURED = EVALUATIONS.flatMap(({ name, at }) =>
  at.map((fraction) => `${name} ${fraction}`),
).sort()

describe('a run with evaluations beside its training', () => {
  const step = fc.record({
    what: fc.nat(HAPPENINGS.length - 1),
    pick: fc.nat(50),
    isReconciled: fc.boolean(),
  })

  test('measures every fraction once after any order of events, and keeps its limits at every step', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(3), fc.array(step, { maxLength: 60 }), async (parallelism, steps) => {
        const world = await createWorld(parallelism)
        for (const { what, pick, isReconciled } of steps) {
          world.platform.advance(1000)
          await HAPPENINGS[what]?.(world, pick)
          if (isReconciled) await reconcileRun(world.platform, KEY)
          checkJobs(world)
        }
        await drain(world)
        const status = (await world.platform.runs.get(KEY))?.status
        expect(findCondition(status?.conditions, 'Ready')?.reason).toBe('Succeeded')
        expect(status?.evaluations?.map(({ name, at }) => `${name} ${at}`).sort()).toEqual(
          ALL_MEASURED,
        )
      }),
      { numRuns: 150, seed: 7 },
    )
  })

  test('plans nothing more when a plan was applied', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const world = await createWorld(2)
        for (const { what, pick } of steps) {
          await HAPPENINGS[what]?.(world, pick)
          await reconcileRun(world.platform, KEY)
          const applied = await snapshot(world)
          await reconcileRun(world.platform, KEY)
          expect(await snapshot(world)).toBe(applied)
        }
      }),
      { numRuns: 60, seed: 8 },
    )
  })
})
