import { describe, expect, test } from 'vitest'
import { LABELS } from '../../crds/names.ts'
import type { ApiClient } from '../../kube/client/api-client.ts'
import { ApiError } from '../../kube/client/api-error.ts'
import type { ApiRequest } from '../../kube/client/api-request.ts'
import { createManualClock } from '../../test/fakes/manual-clock.ts'
import type { StoredRun, StoredSweep } from '../ports/objects.ts'
import { ConfigMapTables } from './result-tables.ts'

const sweep = {
  metadata: { name: 'study', namespace: 'team', uid: 'sweep-uid' },
  spec: { run: {} },
} as StoredSweep

const ended = (point: number, loss = 1): StoredRun =>
  ({
    metadata: {
      name: `study-${point}-r0`,
      labels: { [LABELS.point]: String(point), [LABELS.replicate]: '0' },
    },
    status: {
      conditions: [{ type: 'Complete', status: 'True', reason: 'Succeeded' }],
      metrics: { loss },
    },
  }) as unknown as StoredRun

/** An API server that keeps what is applied. */
function open() {
  const held = new Map<string, unknown>()
  const writes: string[] = []
  const request = async ({ method, path, body }: ApiRequest) => {
    if (method === 'GET') {
      const found = held.get(path)
      if (found === undefined) throw new ApiError({ status: 404, reason: '', message: path })
      return found
    }
    writes.push(`${method} ${path.split('/').at(-1)}`)
    held.set(path, body)
    return body
  }
  const clock = createManualClock()
  const api = { request, close: () => {} } as unknown as ApiClient
  return { held, writes, clock, api, tables: new ConfigMapTables({ api, clock }) }
}

describe('the tables of a sweep', () => {
  test('belong to the sweep and hold a line for each run that ended', async () => {
    const { held, tables } = open()
    await tables.write(sweep, { runs: async () => [ended(1), ended(0)], hasEnded: true })
    const path = '/api/v1/namespaces/team/configmaps/study-results-0'
    expect(held.get(path)).toMatchObject({
      kind: 'ConfigMap',
      metadata: { ownerReferences: [{ kind: 'NeCoSweep', uid: 'sweep-uid', controller: true }] },
      data: { 'results.ndjson': expect.stringMatching(/^{"point":0,.*}\n{"point":1,.*}\n$/) },
    })
  })

  test('are written at most once a minute while it runs, and at once when it ends', async () => {
    const { writes, tables, clock } = open()
    await tables.write(sweep, { runs: async () => [ended(0)], hasEnded: false })
    clock.advance(20_000)
    expect(
      await tables.write(sweep, { runs: async () => [ended(0), ended(1)], hasEnded: false }),
    ).toEqual({ retryAfterMs: 40_000 })
    expect(writes).toHaveLength(1)
    clock.advance(40_000)
    await tables.write(sweep, { runs: async () => [ended(0), ended(1)], hasEnded: false })
    expect(writes).toHaveLength(2)
    await tables.write(sweep, { runs: async () => [ended(0), ended(1), ended(2)], hasEnded: true })
    expect(writes).toHaveLength(3)
  })

  test('cost no write where nothing changed, also for the next leader', async () => {
    const { writes, tables, api, clock } = open()
    const runs = [ended(0), ended(250)]
    await tables.write(sweep, { runs: async () => runs, hasEnded: true })
    await tables.write(sweep, { runs: async () => runs, hasEnded: true })
    await new ConfigMapTables({ api, clock }).write(sweep, {
      runs: async () => runs,
      hasEnded: true,
    })
    expect(writes).toEqual(['PATCH study-results-0', 'PATCH study-results-1'])
  })

  test('are written in the shard that changed alone', async () => {
    const { writes, tables } = open()
    await tables.write(sweep, { runs: async () => [ended(0), ended(250)], hasEnded: true })
    await tables.write(sweep, { runs: async () => [ended(0), ended(250, 2)], hasEnded: true })
    expect(writes.slice(2)).toEqual(['PATCH study-results-1'])
  })
})
