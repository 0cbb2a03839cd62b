import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TerminationMessage } from '../../../contract/run-report.ts'
import type { RunStatus } from '../../../crds/necorun.ts'
import type { NeCoSweep } from '../../../crds/necosweep.ts'
import { findCondition } from '../../../operator/core/conditions.ts'
import { isProgressOnly } from '../../../operator/core/run/run-progress.ts'
import {
  type FinalHeartbeatSender,
  openFinalHeartbeatSender,
} from '../bus/final-heartbeat-sender.ts'
import type { Pod } from '../kubelet/pod-object.ts'
import { type ScriptedRun, scriptedExecutor } from '../kubelet/scripted-executor.ts'
import { systemClock } from '../kubelet/system-clock.ts'
import { instantSweep } from '../sweeps/instant-sweep.ts'
import { openStudyFixture, type StudyFixture } from '../sweeps/study-fixture.ts'
import { printMeasurement } from '../testbed/print-measurement.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { type AuditEntry, type AuditLogReader, openAuditLog } from './audit-log.ts'
import { createStudyOperators, type StudyOperator, type StudyOperators } from './study-operators.ts'

const testbed = sharedTestbed()
const root = join(import.meta.dirname, '..', '..', '..')
const KIB = 1024
/** Long enough for every state of a pod to be observed, so that no write is skipped. */
const POD_MS = 2500
const FINISHED = 'finished'
/** Its pods never end. */
const RUNNING = 'running'
const POINTS = 2

let fixture: StudyFixture
let operators: StudyOperators
let operator: StudyOperator
let auditLog: AuditLogReader
let finalHeartbeatSender: FinalHeartbeatSender
beforeAll(async () => {
  const executor = scriptedExecutor({
    clock: systemClock,
    script,
    deliver: (pod) => finalHeartbeatSender.send(pod),
  })
  fixture = await openStudyFixture(testbed, {
    name: 'writes',
    executor,
    bus: true,
    deployment: false,
  })
  finalHeartbeatSender = await openFinalHeartbeatSender(testbed, fixture.nats)
  operators = createStudyOperators(testbed, fixture)
  operator = await operators.start('writer')
  auditLog = openAuditLog(testbed.auditLog, fixture.namespace)
})
afterAll(async () => {
  await operators?.close()
  await finalHeartbeatSender?.close()
  await fixture?.close()
})

function script({ metadata }: Pod): ScriptedRun {
  if (metadata.name.startsWith(RUNNING)) return { exitCode: 0 }
  const isTraining = !/-e\d+-a\d+/.test(metadata.name)
  const found = { key: metadata.name, at: 1, metrics: { inContextMiou: 40 }, figures: [] }
  const message: TerminationMessage = {
    schemaVersion: 1,
    reason: 'Succeeded',
    message: 'done',
    reused: false,
    step: 10,
    metrics: isTraining ? { loss: 3 } : {},
    evaluations: isTraining ? [] : [found],
  }
  return { afterMs: POD_MS, exitCode: 0, terminationMessage: JSON.stringify(message) }
}

/** Every run has two evaluations. */
function aSweep(name: string): NeCoSweep {
  const sweep = instantSweep({ name, points: POINTS, replicates: 1, parallelism: POINTS })
  const [quality] = sweep.spec.run.evaluations ?? []
  if (quality === undefined) throw new Error('the sweep evaluates nothing')
  const evaluations = [quality, { ...quality, name: 'again' }]
  return {
    ...sweep,
    spec: {
      ...sweep.spec,
      objective: { metric: 'inContextMiou', evaluation: 'quality' },
      run: { ...sweep.spec.run, evaluations },
    },
  }
}

const writes = async (): Promise<readonly AuditEntry[]> =>
  (await auditLog.read()).filter(({ user }) => user === fixture.operatorUser)

const isWriteToRun = (run: string, { name }: AuditEntry): boolean =>
  name === run || name.startsWith(`${run}-`) || name.startsWith(`${run}.`)

const isStatus = ({ resource, subresource }: AuditEntry): boolean =>
  resource === 'necoruns' && subresource === 'status'

const statusIn = ({ body }: AuditEntry) => (body as { readonly status: RunStatus }).status

/** The writes of a run's status that only update progress. */
function progressWrites(entries: readonly AuditEntry[]): readonly AuditEntry[] {
  const statuses = entries.filter(isStatus)
  return statuses.filter((entry, i) => {
    const before = statuses[i - 1]
    return before !== undefined && isProgressOnly(statusIn(entry), statusIn(before))
  })
}

function table(entries: readonly AuditEntry[]): string {
  const counts = new Map<string, number>()
  for (const { verb, resource, subresource, status } of entries) {
    const what = [verb, [resource, subresource].filter(Boolean).join('/'), status].join(' ')
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  return [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([what, count]) => `\n  ${count} ${what}`)
    .join('')
}

const brief = ({ verb, resource, name, status, body }: AuditEntry): string =>
  `${verb} ${resource} ${name} ${status} ${JSON.stringify((body as object | undefined) ?? {})}`

/** Reconciles of the operator so far, by kind. */
async function countReconciles(): Promise<readonly number[]> {
  const { text } = await operator.get('metrics', '/metrics')
  return ['necorun', 'necosweep'].map((kind) =>
    [...text.matchAll(/^controller_runtime_reconcile_total\{(.*)\} (\d+)$/gm)]
      .filter(([, labels]) => labels?.includes(`controller="${kind}"`))
      .reduce((sum, [, , count]) => sum + Number(count), 0),
  )
}

/** Annotates the objects of a sweep, and resolves when the operator has reconciled each of them. */
async function touch(sweep: string): Promise<void> {
  const [runsBefore = 0, sweepsBefore = 0] = await countReconciles()
  const kinds = [
    ['necosweep', sweep],
    ...Array.from({ length: POINTS }, (_, i) => ['necorun', `${sweep}-${i}-r0`]),
  ]
  for (const object of kinds) {
    const annotation = `touched=${Math.random()}`
    const where = ['-n', fixture.namespace, '--overwrite']
    await testbed.kubectl.ok(['annotate', ...object, ...where, annotation])
  }
  await waitUntil({
    what: `reconciles of ${sweep}`,
    withinMs: 60_000,
    look: async () => {
      const [runs = 0, sweeps = 0] = await countReconciles()
      return (runs >= runsBefore + POINTS && sweeps > sweepsBefore) || undefined
    },
  })
}

describe('what the operator writes', () => {
  test('for a run with one attempt and two evaluations is at most twelve writes and five Events', async () => {
    await operator.waitForLine('controllers started')
    await fixture.apply(aSweep(FINISHED))
    await fixture.until('necosweep', FINISHED, 'Complete')
    const all = await writes()
    const run = `${FINISHED}-0-r0`
    const ofRun = all.filter((entry) => isWriteToRun(run, entry))
    const events = ofRun.filter(({ resource }) => resource === 'events')
    const objects = ofRun.filter((entry) => !events.includes(entry))
    const progress = progressWrites(objects)
    const counted = objects.filter((entry) => !progress.includes(entry))
    printMeasurement(`writes for ${run}, progress left out: ${counted.length}${table(counted)}`)
    printMeasurement(`its progress: ${progress.length}; its Events: ${events.length}`)
    const ofSweep = all.filter(({ name }) => !/^\w+-\d+-r\d+/.test(name))
    printMeasurement(`writes for the sweep: ${ofSweep.length}${table(ofSweep)}`)
    expect(counted.filter(({ verb }) => verb === 'create').length).toBeGreaterThanOrEqual(8)
    expect(counted.filter(({ status }) => status >= 400).map(brief)).toEqual([])
    expect(counted.length).toBeLessThanOrEqual(12)
    expect(events.length).toBeLessThanOrEqual(5)
    const { status } = (await fixture.runs()).find(({ metadata }) => metadata.name === run) ?? {}
    expect(status?.unshippedReports).toBeUndefined()
  })

  test('is nothing after a change of an ended study', async () => {
    const before = (await writes()).length
    await touch(FINISHED)
    expect((await writes()).slice(before).map(brief)).toEqual([])
  })

  test('is nothing after a change of a live study', async () => {
    await fixture.apply(aSweep(RUNNING))
    await waitUntil({
      what: 'runs that are running',
      withinMs: 60_000,
      look: async () => {
        const runs = (await fixture.runs()).filter(({ metadata }) =>
          metadata.name.startsWith(RUNNING),
        )
        const { status } = await fixture.sweep(RUNNING)
        const reasons = runs.map(({ status }) => findCondition(status?.conditions, 'Ready')?.reason)
        return (
          (status?.running === POINTS && reasons.every((reason) => reason === 'Running')) ||
          undefined
        )
      },
    })
    await touch(RUNNING)
    const before = (await writes()).length
    await touch(RUNNING)
    expect((await writes()).slice(before).map(brief)).toEqual([])
  })

  test('is nothing after a restart', async () => {
    await operator.end()
    const before = (await writes()).length
    operator = await operators.start('again')
    await operator.waitForLine('controllers started')
    await touch(FINISHED)
    await touch(RUNNING)
    expect((await writes()).slice(before).map(brief)).toEqual([])
  })
})

describe('how much is stored', () => {
  test('a status of a sweep has at most 64 KiB', async () => {
    const statuses = (await auditLog.read()).filter(
      ({ resource, subresource }) => resource === 'necosweeps' && subresource === 'status',
    )
    const sizes = statuses.map(({ body }) => JSON.stringify((body as NeCoSweep).status).length)
    const largest = Math.max(...sizes)
    printMeasurement(`the largest of ${sizes.length} statuses of sweeps: ${largest} bytes`)
    expect(largest).toBeLessThanOrEqual(64 * KIB)
  })

  test.each(['necoruns', 'necosweeps'])('the CRD of %s has less than 200 KiB', async (plural) => {
    const yaml = await readFile(join(root, 'crds', 'generated', `${plural}.yaml`))
    const stored = await testbed.kubectl.ok(['get', 'crd', `${plural}.neco.dev`, '-o', 'json'])
    const bytes = JSON.stringify(JSON.parse(stored)).length
    printMeasurement(`CRD ${plural}: ${yaml.length} bytes of YAML, ${bytes} bytes as stored`)
    expect(yaml.length).toBeLessThan(200 * KIB)
    expect(bytes).toBeLessThan(200 * KIB)
  })
})
