import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EXIT_CODES } from '../contract/exit-codes.ts'
import type { RunConfig } from '../contract/run-config.ts'
import type { TerminationMessage } from '../contract/run-report.ts'
import { API_GROUP_VERSION } from '../crds/names.ts'
import type { RunSpec } from '../crds/spec/run-spec.ts'
import { runEvaluations } from '../evaluator/run-evaluations.ts'
import { reconcileRun } from '../operator/controllers/run-controller.ts'
import { findCondition } from '../operator/core/conditions.ts'
import { NOOP_HINTS } from '../operator/ports/hints.ts'
import type { JobRequest } from '../operator/ports/job-request.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import { openSpool } from '../pod/spool.ts'
import { openVolumes } from '../std/files/volumes.ts'
import { train } from '../trainer/train.ts'
import { createSimulatedPlatform, type SimulatedPlatform } from './fakes/simulated-platform.ts'
import { buildEvaluatorDependencies, useEvaluatorFixture } from './fixtures/evaluator-fixture.ts'

const KEY = { namespace: 'default', name: 'micro' }
const SPEC: RunSpec = {
  model: { architecture: 'Tiny', dim: 16, depth: 2, heads: 2, head: { layers: 1, outputDim: 8 } },
  data: { kind: 'Scenes', firstSeed: 1000, count: 16 },
  views: {
    globalSizePx: 32,
    localCrops: 1,
    localSizePx: 16,
    localScale: [0.1, 0.3],
    alignedGrid: 3,
  },
  references: { source: 'TeacherBatch', count: 9 },
  optimizer: { steps: 6, batchSize: 4 },
  checkpoint: { everySteps: 100, keep: 1 },
  evaluations: [
    {
      name: 'scenes',
      protocols: ['InContext'],
      profile: 'Scenes',
      memory: { kind: 'Scenes', firstSeed: 2000, count: 4 },
      validation: { kind: 'Scenes', firstSeed: 3000, count: 3 },
      at: [0, 0.5, 1],
    },
  ],
}

const { getRoot } = useEvaluatorFixture()

/**
 * A run whose Jobs are worked off by real trainers and evaluators in this process, one step at a
 * time.
 */
interface MicroStudy {
  readonly platform: SimulatedPlatform
  readonly storage: string
  /** What happened, in order. */
  readonly order: string[]
  /** The newest checkpoint that a trainer has reported. */
  reportedStep: number
}

async function placeRun(folder: string, evaluationParallelism: number): Promise<MicroStudy> {
  const simulated = createSimulatedPlatform()
  const findCheckpoint = () => ({ step: study.reportedStep, totalSteps: 6 })
  const platform = { ...simulated, hints: { ...NOOP_HINTS, findCheckpoint } }
  const study: MicroStudy = {
    platform,
    storage: join(getRoot(), folder),
    order: [],
    reportedStep: 0,
  }
  await platform.runs.create({
    apiVersion: API_GROUP_VERSION,
    kind: 'NeCoRun',
    metadata: { name: KEY.name },
    spec: { ...SPEC, evaluationParallelism },
  })
  return study
}

const toRunConfig = (request: JobRequest, storage: string): RunConfig => ({
  schemaVersion: 1,
  identity: { run: KEY.name, attempt: request.attempt, podUid: request.name },
  result: request.result,
  execution: { ...request.execution, storage, volumes: { '': storage } },
  evaluation: request.evaluation,
  isBesideTraining: request.isBesideTraining,
})

const succeeded = (change: Partial<TerminationMessage>): TerminationMessage => ({
  schemaVersion: 1,
  reason: 'Succeeded',
  message: '',
  reused: false,
  step: 0,
  metrics: {},
  evaluations: [],
  ...change,
})

const findPending = ({ platform }: MicroStudy, program: JobRequest['program']) =>
  [...platform.jobList.values()].find(
    ({ state, request }) => state === 'Pending' && request.program === program,
  )

/**
 * Trains a pending attempt; after `killAfterStep` its process is gone. Reconciles and evaluates
 * between two steps.
 */
async function trainJob(study: MicroStudy, killAfterStep = Number.POSITIVE_INFINITY) {
  const { platform, order, storage: folder } = study
  const job = findPending(study, 'trainer')
  if (job === undefined) throw new Error('no training is pending')
  platform.setJob(job.name, { state: 'Running', startedMs: 0 })
  const config = toRunConfig(job.request, folder)
  const storage = folderStorage(folder)
  let step = 0
  try {
    const summary = await train(config, {
      storage,
      volumes: openVolumes(config.execution.volumes),
      signal: new AbortController().signal,
      monotonicMs: () => 0,
      openSpool: (attempt) =>
        openSpool({
          storage,
          attempt,
          identity: config.identity,
          now: () => new Date(0),
          monotonicMs: () => 0,
        }),
      onStep: (report) => {
        step = report.step
        order.push(`${job.name} step ${step}`)
      },
      checkpointRequests: {
        isRequested: () => false,
        saved: (checkpoint) => {
          study.reportedStep = checkpoint.step
        },
      },
      yieldToEventLoop: async () => {
        await workOffEvaluations(study)
        if (step >= killAfterStep) throw new Error('killed')
      },
      log: () => undefined,
      warn: () => undefined,
      backend: 'test',
    })
    order.push(`${job.name} trained`)
    const termination = succeeded({ step: summary.step, runKey: summary.runKey })
    platform.setJob(job.name, { state: 'Succeeded', exitCode: 0, endedMs: 0, termination })
  } catch (error) {
    if ((error as Error).message !== 'killed') throw error
    order.push(`${job.name} killed`)
    platform.setJob(job.name, { state: 'Failed', cause: 'Disrupted', endedMs: 0 })
  }
  await reconcileRun(platform, KEY)
}

/**
 * Reconciles, and lets every evaluator that is due run to its end; the first of all is stopped as
 * it begins.
 */
async function workOffEvaluations(study: MicroStudy): Promise<void> {
  const { platform, order, storage } = study
  await reconcileRun(platform, KEY)
  for (let job = findPending(study, 'evaluator'); job; job = findPending(study, 'evaluator')) {
    const stop = new AbortController()
    if (job.name === 'micro-e0-a1') stop.abort('SIGTERM')
    const { dependencies: world } = buildEvaluatorDependencies(storage, { signal: stop.signal })
    try {
      const { unmeasured, ...summary } = await runEvaluations(
        toRunConfig(job.request, storage),
        world,
      )
      order.push(`${job.name} measured ${summary.evaluations.map(({ at }) => at)}`)
      const termination = succeeded({
        evaluations: [...summary.evaluations],
        unmeasured: [...unmeasured],
      })
      platform.setJob(job.name, { state: 'Succeeded', exitCode: 0, endedMs: 0, termination })
    } catch (error) {
      order.push(`${job.name} stopped: ${(error as { code?: string }).code}`)
      const exitCode = EXIT_CODES.Interrupted
      platform.setJob(job.name, { state: 'Failed', exitCode, endedMs: 0 })
    }
    await reconcileRun(platform, KEY)
  }
}

async function finishStudy(study: MicroStudy) {
  await workOffEvaluations(study)
  const { status } = (await study.platform.runs.get(KEY)) ?? {}
  expect(findCondition(status?.conditions, 'Ready')?.reason).toBe('Succeeded')
  return status?.evaluations?.map(({ at, key, metrics }) => ({ at, key, metrics }))
}

test('an evaluation at half of the schedule is measured while training continues, though both were killed, and finds what one after training finds', async () => {
  const study = await placeRun('beside', 1)
  await reconcileRun(study.platform, KEY)
  await trainJob(study, 4)
  await trainJob(study)
  const beside = await finishStudy(study)
  expect(study.order).toEqual([
    'micro-a1 step 1',
    'micro-a1 step 2',
    'micro-a1 step 3',
    'micro-e0-a1 stopped: Interrupted',
    'micro-e0-a2 measured 0,0.5',
    'micro-a1 step 4',
    'micro-a1 killed',
    'micro-a2 step 4',
    'micro-a2 step 5',
    'micro-a2 step 6',
    'micro-a2 trained',
    'micro-e0-a3 measured 0,0.5,1',
  ])

  const patient = await placeRun('after', 0)
  await reconcileRun(patient.platform, KEY)
  await trainJob(patient)
  const after = await finishStudy(patient)
  expect(patient.order.slice(-3)).toEqual([
    'micro-a1 trained',
    'micro-e0-a1 stopped: Interrupted',
    'micro-e0-a2 measured 0,0.5,1',
  ])
  expect(beside).toEqual(after)
  expect(beside?.map(({ at }) => at)).toEqual([0, 0.5, 1])
}, 60_000)
