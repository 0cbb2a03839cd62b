import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseManifestText } from '../../../cli/manifest/read-manifest.ts'
import type { RunReport } from '../../../contract/run-report.ts'
import { RunResult } from '../../../contract/run-result.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import { REDUCED_SETTINGS } from '../../programs/run-example.ts'
import { openStudyFixture, type StudyFixture } from '../sweeps/study-fixture.ts'
import { printMeasurement } from '../testbed/print-measurement.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'

const testbed = sharedTestbed()
const file = join(import.meta.dirname, '../../../examples/run.yaml')
const STEPS = 120
const QUIET = [
  ...REDUCED_SETTINGS,
  // Only requested checkpoints, and the last one.
  'checkpoint.everySteps=1000000',
]

let fixture: StudyFixture
beforeAll(async () => {
  fixture = await openStudyFixture(testbed, { name: 'drain' })
})
afterAll(() => fixture?.close())

const kubectl = (...args: readonly string[]) =>
  testbed.kubectl.ok([...args, '-n', fixture.namespace])

async function train(name: string, steps: number): Promise<void> {
  const overrides = [...QUIET, `optimizer.steps=${steps}`]
  const manifest = parseManifestText({ file, text: await readFile(file, 'utf8'), overrides })
  if (manifest.kind !== 'NeCoRun') throw new Error('no run')
  const { evaluations: _left, ...spec } = manifest.run.spec
  await fixture.apply({ ...manifest.run, metadata: { name }, spec })
}

const readRun = async (name: string): Promise<NeCoRun> =>
  JSON.parse(await kubectl('get', 'necorun', name, '-o=json'))

/** The files under the folder of all trainings whose path ends so. */
async function storedFiles(end: string): Promise<readonly string[]> {
  const root = join(fixture.storage, 'runs')
  const paths = await readdir(root, { recursive: true }).catch(() => [])
  return paths.filter((path) => path.endsWith(end)).map((path) => join(root, path))
}

/** What the pod of an attempt reported. */
async function readAttemptReports(attempt: number): Promise<readonly RunReport[]> {
  const spools = await storedFiles('spool/00000001.ndjson')
  const found = spools.find((path) => path.includes(`/attempts/${attempt}-`))
  const text = found === undefined ? '' : await readFile(found, 'utf8')
  return text.split('\n').flatMap((line) => (line.endsWith('}') ? [JSON.parse(line)] : []))
}

/**
 * The result of a training without times: its key, its loss, and the digests of its last
 * checkpoint.
 */
async function readRunResult(name: string) {
  const { runKey, metrics } = (await readRun(name)).status ?? {}
  const [path = ''] = await storedFiles(`${runKey}/result.json`)
  const { imagesSeen, totalSteps, final } = RunResult.parse(
    JSON.parse(await readFile(path, 'utf8')),
  )
  return { runKey, loss: metrics?.['loss'], imagesSeen, totalSteps, shards: final.shards }
}

async function findJobPod(job: string): Promise<{ readonly pod: string; readonly node: string }> {
  const path = '{.items[0].metadata.name} {.items[0].spec.nodeName}'
  const selector = `batch.kubernetes.io/job-name=${job}`
  const [pod = '', node = ''] = (
    await kubectl('get', 'pods', '-l', selector, `-o=jsonpath=${path}`)
  ).split(' ')
  return { pod, node }
}

/** The Event about the checkpoint request, once it exists. */
const asked = (name: string): Promise<string> =>
  waitUntil({
    what: 'a request for a checkpoint',
    withinMs: 60_000,
    look: async () => {
      const args = ['get', 'events.events.k8s.io', `--field-selector=regarding.name=${name}`]
      const events = JSON.parse(await kubectl(...args, '-o=json')).items as {
        readonly reason: string
        readonly note: string
        readonly series?: { readonly count: number }
      }[]
      const found = events.filter(({ reason }) => reason === 'CheckpointRequested')
      if (found.length === 0) return undefined
      expect(found).toHaveLength(1)
      expect(found[0]?.series).toBeUndefined()
      return found[0]?.note
    },
  })

/** What the operator logged of the pod's response. */
const answer = (): Promise<{
  readonly state: string
  readonly checkpoint?: { readonly step: number; readonly folder: string }
}> =>
  waitUntil({
    what: 'the answer of the pod',
    withinMs: 60_000,
    look: async () => {
      const pods = await fixture.operatorPods()
      const logs = await Promise.all(
        pods.map((pod) => testbed.kubectl.ok(['logs', pod, '-n', fixture.system])),
      )
      const line = logs
        .flatMap((log) => log.split('\n'))
        .find((one) => one.includes('"checkpoint asked for"'))
      return line === undefined ? undefined : JSON.parse(line)
    },
  })

describe('a node that is about to be removed', () => {
  test('gets a checkpoint request for its training, from which the next attempt resumes to the same bits', async () => {
    await train('calm', STEPS)
    await fixture.until('necorun', 'calm', 'Complete')
    const uninterrupted = await readRunResult('calm')
    // The same training would reuse the result of the first.
    await rm(join(fixture.storage, 'runs'), { recursive: true })

    await train('drained', STEPS)
    await waitUntil({
      what: 'a first step',
      withinMs: 120_000,
      look: async () => (await readAttemptReports(1)).find(({ kind }) => kind === 'Step'),
    })
    const first = await findJobPod('drained-a1')
    await testbed.kubectl.ok([
      'taint',
      'node',
      first.node,
      'ToBeDeletedByClusterAutoscaler=1:NoSchedule',
    ])
    expect(await asked('drained')).toBe(
      `training, attempt 1: node ${first.node} has the taint ToBeDeletedByClusterAutoscaler; its pod is asked for a checkpoint`,
    )
    const { state, checkpoint } = await answer()
    expect(state).toBe('Done')
    const made = checkpoint ?? { step: 0, folder: '' }
    expect(made.step).toBeGreaterThan(0)
    expect(await storedFiles(`${made.folder.split('/').at(-1)}/manifest.json`)).toHaveLength(1)
    expect((await findJobPod('drained-a1')).pod).toBe(first.pod)

    await testbed.kubectl.ok([
      ...['drain', first.node, '--delete-emptydir-data', '--timeout=90s'],
      '--pod-selector=neco.dev/run',
    ])
    await fixture.until('necorun', 'drained', 'Complete')
    const [task] = (await readRun('drained')).status?.tasks ?? []
    expect(task).toMatchObject({ attempt: 2, retries: { Disruption: 1 }, warnedAttempt: 1 })
    expect((await findJobPod('drained-a2')).node).not.toBe(first.node)
    const started = (await readAttemptReports(2)).find(({ kind }) => kind === 'Started')
    expect(started?.message).toMatch(/^resumes from .*\/attempts\/1-/)
    expect(started?.step).toBeGreaterThanOrEqual(made.step)
    expect(started?.step).toBeLessThan(STEPS)
    printMeasurement(`drained at step ${made.step} of ${STEPS}, resumed at ${started?.step}`)
    expect(Object.keys(uninterrupted.shards).length).toBeGreaterThan(0)
    expect(await readRunResult('drained')).toEqual(uninterrupted)
    await testbed.kubectl.ok(['uncordon', first.node])
  })
})

describe('the Secret of an attempt', () => {
  test('can be deleted while its pod runs', async () => {
    await rm(join(fixture.storage, 'runs'), { recursive: true })
    await train('secret-gone', STEPS / 4)
    await waitUntil({
      what: 'a first step',
      withinMs: 120_000,
      look: async () => (await readAttemptReports(1)).find(({ kind }) => kind === 'Step'),
    })
    await kubectl('delete', 'secret', 'secret-gone-a1')
    await fixture.until('necorun', 'secret-gone', 'Complete')
    const [task] = (await readRun('secret-gone')).status?.tasks ?? []
    expect(task).toMatchObject({ attempt: 1, state: 'Succeeded' })
    expect(task?.retries).toBeUndefined()
  })
})
