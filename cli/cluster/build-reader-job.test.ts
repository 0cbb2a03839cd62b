import { expect, test } from 'vitest'
import type { StoredRun } from '../../operator/ports/objects.ts'
import { buildFrozenPlacement } from '../../test/fixtures/job-request.ts'
import { buildReaderJob, buildReaderName } from './build-reader-job.ts'

const run = {
  apiVersion: 'neco.dev/v1alpha1',
  kind: 'NeCoRun',
  metadata: { name: 'study', namespace: 'team', uid: 'u' },
  spec: { pod: { nodeSelector: { pool: 'cpu' } } },
} as unknown as StoredRun

test('a reader Job mounts the storage read-only, has no Secret, and is owned by the study', () => {
  const placement = buildFrozenPlacement({ storage: { claim: 'studies' } })
  const request = { name: 'study-reader-00000', owner: run, run, placement }
  const { metadata, spec } = buildReaderJob({ ...request, runKeys: ['k'], files: ['a.png'] })
  expect(metadata?.ownerReferences).toMatchObject([{ kind: 'NeCoRun', name: 'study', uid: 'u' }])
  expect(spec).toMatchObject({ activeDeadlineSeconds: 300, ttlSecondsAfterFinished: 60 })
  const pod = spec?.template.spec
  expect(pod?.nodeSelector).toEqual({ pool: 'cpu' })
  expect(pod?.volumes).toEqual([
    { name: 'storage', persistentVolumeClaim: { claimName: 'studies' } },
  ])
  expect(pod?.containers).toMatchObject([
    {
      image: placement.images.evaluator,
      command: [
        ...['node', 'pod/reader/main.ts', '--storage', '/storage'],
        ...['--curve', 'k', '--cat', 'a.png'],
      ],
      volumeMounts: [{ name: 'storage', mountPath: '/storage', readOnly: true }],
    },
  ])
})

test('the name of a reader Job fits in a label', () => {
  expect(buildReaderName('study', () => 0)).toBe('study-reader-00000')
  expect(buildReaderName('a'.repeat(80), () => 0)).toHaveLength(63)
})
