import { describe, expect, it } from 'vitest'
import type { RunReport } from '../../contract/run-report.ts'
import type { RunStatus } from '../../crds/necorun.ts'
import type { StoredRun, StoredSweep } from '../../operator/ports/objects.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'
import { computeStudyProgress } from './compute-study-progress.ts'

const stored = (name: string) => ({
  name,
  namespace: 'default',
  uid: name,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
})
const scenes = { kind: 'Scenes' as const, count: 64 }
const spec: StoredRun['spec'] = {
  data: scenes,
  model: { architecture: 'Tiny' },
  optimizer: { steps: 40, batchSize: 16 },
  evaluations: [
    { name: 'scenes', protocols: ['InContext'], memory: scenes, validation: scenes, at: [0, 1] },
  ],
}
const aRun = (name: string, status?: RunStatus): StoredRun => ({
  apiVersion: 'neco.dev/v1alpha1',
  kind: 'NeCoRun',
  metadata: stored(name),
  spec,
  ...omitUndefined({ status }),
})
const sweep: StoredSweep = {
  apiVersion: 'neco.dev/v1alpha1',
  kind: 'NeCoSweep',
  metadata: stored('study'),
  spec: { run: spec, axes: [{ parameter: 'loss.lambda', values: [0.1, 0.2] }], replicates: 2 },
}
const holds = (type: string) => ({
  type,
  status: 'True' as const,
  reason: 'x',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
})
const done: RunStatus = {
  conditions: [holds('Complete')],
  tasks: [
    { kind: 'Training', name: 'training', attempt: 1, state: 'Succeeded' },
    { kind: 'Evaluation', name: 'scenes', attempt: 1, state: 'Succeeded' },
  ],
  evaluations: [0, 1].map((at) => ({ name: 'scenes', at, key: 'k', metrics: {} })),
}
const training: RunStatus = {
  tasks: [{ kind: 'Training', name: 'training', attempt: 1, state: 'Running' }],
}
const report: RunReport = {
  schemaVersion: 1,
  run: 'b',
  attempt: 1,
  podUid: 'p',
  sequence: 1,
  kind: 'Step',
  step: 10,
  totalSteps: 40,
  imagesSeen: 160,
  wallTime: '2026-01-01T00:00:00Z',
  monotonicMs: 1,
  metrics: { loss: 3, imagesPerSecond: 25 },
}

describe('the progress of a sweep', () => {
  it('sums finished, live and pending runs', () => {
    const runs = [aRun('a', done), aRun('b', training)]
    const evaluated = new Map([['b', new Set(['scenes before'])]])
    const reports = { newest: new Map([['b', report]]), evaluated, elapsedMs: 9000 }
    expect(computeStudyProgress({ kind: 'NeCoSweep', sweep, runs }, reports)).toEqual({
      data: { done: 800, total: 2560 },
      training: { done: 50, total: 160 },
      evaluation: { done: 3, total: 8 },
      runs: { running: 1, ended: 1, total: 4 },
      imagesPerSecond: 25,
      elapsedMs: 9000,
    })
  })

  it('counts a fraction once that an evaluator beside the training finds again', () => {
    const found = { name: 'scenes', at: 0, key: 'k', metrics: {} }
    const run = aRun('b', { ...training, evaluations: [found] })
    const evaluated = new Map([['b', new Set(['scenes before', 'scenes at 50 %'])]])
    const reports = { newest: new Map([['b', report]]), evaluated, elapsedMs: 9000 }
    const progress = computeStudyProgress({ kind: 'NeCoRun', run }, reports)
    expect(progress.evaluation.done).toBe(2)
    expect(progress.training).toEqual({ done: 10, total: 40 })
  })
})
