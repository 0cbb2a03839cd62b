import { describe, expect, test } from 'vitest'
import { ANNOTATIONS, API_GROUP_VERSION } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { NeCoSweep } from '../../../crds/necosweep.ts'
import { PARAMETER_PATHS } from '../../../crds/spec/parameters.ts'
import { readAssignment, serializeAssignment } from './assignment.ts'
import { buildSweepRun } from './build-sweep-run.ts'

const sweep: NeCoSweep = {
  apiVersion: API_GROUP_VERSION,
  kind: 'NeCoSweep',
  metadata: { name: 'study', uid: 'uid-study' },
  spec: {
    run: { data: { kind: 'Scenes', count: 4 } },
    axes: [{ parameter: 'loss.lambda', values: [0, 0.5] }],
  },
}
const annotate = (text: string | undefined): NeCoRun => {
  const run = buildSweepRun(sweep, { point: 1, replicate: 0, assignment: {} })
  const annotations = text === undefined ? {} : { [ANNOTATIONS.assignment]: text }
  return { ...run, metadata: { ...run.metadata, annotations } }
}
const read = (text: string | undefined) => readAssignment(annotate(text), sweep.spec, 1)

describe('the assignment of a run', () => {
  test('is the one recorded on it, with the types of its values', () => {
    const assignment = { 'loss.lambda': 0.25, 'loss.network': 'OddEven', 'x.flag': true }
    expect(read(serializeAssignment(assignment))).toEqual(assignment)
  })

  test('is decoded from the number of its point where none is recorded', () => {
    expect(read(undefined)).toEqual({ 'loss.lambda': 0.5 })
  })

  test.each(['', 'loss.lambda=1', '[1]', 'null', '{"loss.lambda":null}', '{"loss":{"lambda":1}}'])(
    'is decoded where the record was edited to %j',
    (text) => {
      expect(read(text)).toEqual({ 'loss.lambda': 0.5 })
    },
  )

  test('takes less than 1 KiB with as many axes as a sweep may have', () => {
    const longest = PARAMETER_PATHS.toSorted((a, b) => b.length - a.length).slice(0, 12)
    const assignment = Object.fromEntries(longest.map((path) => [path, -1.2345678901234567e-100]))
    expect(serializeAssignment(assignment).length).toBeLessThan(1024)
  })
})
