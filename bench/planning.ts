import type { TerminationMessage } from '../contract/run-report.ts'
import { API_GROUP_VERSION } from '../crds/names.ts'
import type { NeCoRun } from '../crds/necorun.ts'
import type { NeCoSweep } from '../crds/necosweep.ts'
import type { SweepSpec } from '../crds/spec/sweep-spec.ts'
import { UNBLOCKED_PLATFORM } from '../operator/core/platform-state.ts'
import { planRun } from '../operator/core/run/plan-run.ts'
import { planSweep, type SweepAction } from '../operator/core/sweep/plan-sweep.ts'
import {
  createSweepAggregate,
  recordPoint,
  recordRun,
  type SweepAggregate,
  summarizeRun,
} from '../operator/core/sweep/sweep-aggregate.ts'
import type { ObservedJob } from '../operator/ports/observed-job.ts'

const PARALLELISM = 64
const objective = { metric: 'loss' }

export interface PlanningRow {
  readonly benchmark: string
  readonly transitions: number
  readonly transitions_per_s: number
  readonly seconds: number
  /** The same per CPU second, on an idle machine. */
  readonly transitions_per_cpu_s: number
}

/**
 * 10,000 points from creation to completion through the pure core: every plan that changes
 * something counts.
 */
export function measurePlanning(): PlanningRow {
  const begin = performance.now()
  const cpuBegin = process.cpuUsage()
  const transitions = simulateSweep()
  const cpu = process.cpuUsage(cpuBegin)
  const seconds = (performance.now() - begin) / 1000
  return {
    benchmark: `plan 10,000 points, parallelism ${PARALLELISM}`,
    transitions,
    transitions_per_s: transitions / seconds,
    seconds,
    transitions_per_cpu_s: transitions / ((cpu.user + cpu.system) / 1e6),
  }
}

function simulateSweep(): number {
  let sweep = tenThousandPoints()
  let transitions = 0
  const aggregate = createSweepAggregate()
  const live = new Map<string, NeCoRun>()
  for (;;) {
    const { actions, status } = planSweep({
      sweep,
      aggregate,
      problems: [],
      platform: UNBLOCKED_PLATFORM,
      nowMs: 0,
    })
    for (const run of createdRuns(actions)) {
      live.set(run.metadata.name, run)
      record(aggregate, sweep.spec, run)
    }
    if (status !== undefined) sweep = { ...sweep, status }
    if (status !== undefined || actions.length > 0) transitions++
    const oldest = live.values().next().value
    if (oldest === undefined) return transitions
    const ended = simulateRun(oldest)
    live.delete(oldest.metadata.name)
    transitions += ended.transitions
    record(aggregate, sweep.spec, ended.run)
  }
}

function createdRuns(actions: readonly SweepAction[]): readonly NeCoRun[] {
  return actions.flatMap((action) => {
    if (action.kind !== 'CreateRun') return []
    const { run } = action
    return [{ ...run, metadata: { ...run.metadata, uid: 'u' } }]
  })
}

function record(aggregate: SweepAggregate, spec: SweepSpec, run: NeCoRun): void {
  const summary = summarizeRun(run, spec)
  if (summary === undefined) throw new Error(`${run.metadata.name} is not a run of the sweep`)
  recordRun(aggregate, summary)
  recordPoint(aggregate, { point: summary.number, replicates: 1, objective })
}

/** Plans until nothing changes, while each Job starts and then succeeds. */
function simulateRun(fresh: NeCoRun): { readonly run: NeCoRun; readonly transitions: number } {
  let run = fresh
  let jobs: readonly ObservedJob[] = []
  let transitions = 0
  for (;;) {
    const { actions, status } = planRun({
      run,
      jobs,
      platform: UNBLOCKED_PLATFORM,
      nowMs: transitions * 1000,
    })
    if (status !== undefined) run = { ...run, status }
    const created = actions.flatMap((action) =>
      action.kind === 'CreateJob' ? [pendingJob(action.job.name, transitions)] : [],
    )
    const moved = jobs.map(nextState)
    const hasMoved = moved.some((job, i) => job !== jobs[i])
    if (status === undefined && actions.length === 0 && !hasMoved) return { run, transitions }
    if (status !== undefined || actions.length > 0) transitions++
    jobs = [...moved, ...created]
  }
}

function pendingJob(name: string, second: number): ObservedJob {
  return {
    ...{ name, uid: name, ownerUid: 'u', state: 'Pending', isEnding: false },
    createdMs: second * 1000,
  }
}

function nextState(job: ObservedJob): ObservedJob {
  if (job.state === 'Pending') return { ...job, state: 'Running', startedMs: job.createdMs + 1000 }
  if (job.state !== 'Running') return job
  const endedMs = job.createdMs + 2000
  return {
    ...job,
    state: 'Succeeded',
    exitCode: 0,
    endedMs,
    termination: buildBenchTermination(job.name),
  }
}

function buildBenchTermination(name: string): TerminationMessage {
  return {
    ...{ schemaVersion: 1, reason: 'Succeeded', message: 'trained', backend: 'wasm' },
    ...{
      runKey: 'a'.repeat(64),
      reused: false,
      step: 40,
      metrics: { loss: name.length },
      evaluations: [],
    },
  }
}

function tenThousandPoints(): NeCoSweep {
  const values = Array.from({ length: 10 }, (_, i) => (i + 1) / 10)
  const parameters = [
    'loss.lambda',
    'loss.studentSteepness',
    'loss.teacherSteepness',
    'loss.epsilon',
  ]
  return {
    apiVersion: API_GROUP_VERSION,
    kind: 'NeCoSweep',
    metadata: { name: 'bench', uid: 'uid-bench', generation: 1 },
    spec: {
      run: { data: { kind: 'Scenes', count: 4 } },
      axes: parameters.map((parameter) => ({
        parameter,
        values: parameter === 'loss.epsilon' ? values.map((value) => value / 100) : values,
      })),
      parallelism: PARALLELISM,
      objective,
    },
  }
}
