import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LABELS } from '../../crds/names.ts'
import { type ApiClient, createApiClient } from '../../kube/client/api-client.ts'
import { createApiEndpoint } from '../../kube/client/api-endpoint.ts'
import type { Clock } from '../../std/clock.ts'
import { FakeApiServer } from '../../test/fakes/fake-api-server.ts'
import { buildTeamCluster } from '../../test/fakes/team-cluster.ts'
import type { StudyProgress } from '../progress/study-progress.ts'
import type { Study } from '../study.ts'
import type { StudyFollowOptions } from '../study-platform.ts'
import { findStudy } from './find-study.ts'
import { followStudy } from './follow-study.ts'
import type { Cluster } from './open-cluster.ts'

const SWEEPS = '/apis/neco.dev/v1alpha1/necosweeps'
const RUNS = '/apis/neco.dev/v1alpha1/necoruns'
const run = {
  data: { kind: 'Scenes', count: 64 },
  model: { architecture: 'Tiny' },
  optimizer: { steps: 40, batchSize: 16 },
}
const holds = (type: string) => ({ type, status: 'True', reason: 'x', message: '' })

/** Longer timers are timeouts of a response or of a watch. */
const MAX_DELAY_MS = 25_000

/** Advances the clock to the next timer as soon as nothing else is pending. */
function createLeapingClock(): Clock {
  let nowMs = 0
  return {
    nowMs: () => nowMs,
    after: (delayMs, call) => {
      if (delayMs > MAX_DELAY_MS) return () => undefined
      const timer = setImmediate(() => {
        nowMs += delayMs
        call()
      })
      return () => clearImmediate(timer)
    },
  }
}

let server: FakeApiServer
let api: ApiClient
let cluster: Cluster
beforeEach(async () => {
  server = new FakeApiServer()
  await server.listen()
  const clock = createLeapingClock()
  api = createApiClient({ endpoint: createApiEndpoint(server.kubeConfig), clock })
  cluster = buildTeamCluster({ api, clock })
  server.objects.create(SWEEPS, { metadata: { name: 'study', namespace: 'team' }, spec: { run } })
})
afterEach(async () => {
  api.close()
  await server.close()
})

function createRun(): void {
  const uid = server.objects.get(SWEEPS, 'team/study').metadata.uid ?? ''
  const labels = { [LABELS.sweep]: 'study', [LABELS.point]: '0', [LABELS.replicate]: '0' }
  const metadata = { name: 'study-0-r0', namespace: 'team', labels, ownerReferences: [{ uid }] }
  server.objects.create(RUNS, { metadata, spec: run })
}

const writeStatus = (collection: string, name: string, status: object) => {
  const { metadata } = server.objects.get(collection, `team/${name}`)
  server.objects.write(collection, `team/${name}`, { metadata, status })
}

/** Follows the study, and passes every progress and every line to the test. */
async function follow(
  received: { shown?: (progress: StudyProgress) => void; printed?: (line: string) => void },
  stop = new AbortController().signal,
): Promise<Study> {
  const printer: StudyFollowOptions['printer'] = {
    update: (progress) => received.shown?.(progress),
    printLine: (line) => received.printed?.(line),
    finish: () => undefined,
  }
  return followStudy(cluster, await findStudy(cluster, 'study'), { printer, stop })
}

describe('a study in a cluster that is followed', () => {
  test('shows progress by the statuses of its runs, and returns all of them when it has ended', async () => {
    const seen = new Set<number>()
    const study = await follow({
      shown: ({ training, runs }) => {
        if (seen.has(training.done)) return
        seen.add(training.done)
        expect([training.total, runs.total]).toEqual([40, 1])
        if (training.done === 0) {
          createRun()
          writeStatus(RUNS, 'study-0-r0', { step: 10, totalSteps: 40 })
        } else {
          writeStatus(SWEEPS, 'study', { conditions: [holds('Complete')] })
          writeStatus(RUNS, 'study-0-r0', { conditions: [holds('Complete')], step: 40 })
        }
      },
    })
    expect([...seen].slice(0, 2)).toEqual([0, 10])
    expect(study).toMatchObject({
      kind: 'NeCoSweep',
      runs: [{ status: { step: 40, conditions: [{ type: 'Complete' }] } }],
    })
  })

  test('prints once that no operator has seen it, and ends when it is deleted', async () => {
    const lines: string[] = []
    let polls = 0
    const following = follow({
      printed: (line) => lines.push(line),
      shown: () => {
        if (lines.length > 0 && ++polls === 20) server.objects.delete(SWEEPS, 'team/study')
      },
    })
    await expect(following).rejects.toMatchObject({
      lines: ['NeCoSweep study in namespace team was deleted'],
    })
    expect(lines).toEqual([
      expect.stringMatching(/^no operator has looked at NeCoSweep study yet .*kubectl get/),
    ])
  })

  test('survives an outage of the API server, which is printed once', async () => {
    writeStatus(SWEEPS, 'study', { observedGeneration: 1 })
    const lines: string[] = []
    let comeBack: (() => void) | undefined
    let polls = 0
    await follow({
      printed: (line) => lines.push(line),
      shown: () => {
        if (comeBack === undefined) {
          comeBack = server.injectFault(() => true, 'reset')
          server.endWatches('reset')
        } else if (lines.length > 0 && ++polls === 20) {
          comeBack()
          writeStatus(SWEEPS, 'study', { conditions: [holds('Complete')] })
        }
      },
    })
    expect(lines).toEqual([
      expect.stringMatching(
        /^the API server is unreachable .*; the study continues, and neco retries$/,
      ),
    ])
  })

  test('is left alone when the user interrupts', async () => {
    const stop = new AbortController()
    await follow({ shown: () => stop.abort() }, stop.signal)
    expect(server.requests.every(({ method }) => method === 'GET')).toBe(true)
  })
})
