import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FakeApiServer, type FakeRequest } from '../../test/fakes/fake-api-server.ts'
import { createManualClock, type ManualClock } from '../../test/fakes/manual-clock.ts'
import { type ApiClient, createApiClient } from '../client/api-client.ts'
import { createApiEndpoint } from '../client/api-endpoint.ts'
import type { ApiObject } from './indexer.ts'
import { type CacheChange, ObjectCache } from './object-cache.ts'
import { type Reflector, startReflector } from './reflector.ts'

const PATH = '/apis/example.com/v1/widgets'
const thing = (name: string) => ({ metadata: { name, namespace: 'default' }, spec: {} })
const isWatch = ({ query }: FakeRequest): boolean => query['watch'] === 'true'
const isList = (request: FakeRequest): boolean => request.method === 'GET' && !isWatch(request)
const isShort = (delayMs: number): boolean => delayMs < 30_000

let server: FakeApiServer
let clock: ManualClock
let api: ApiClient
let cache: ObjectCache<ApiObject>
let reflector: Reflector | undefined
let failures: string[] = []
let onWatch: (() => void)[] = []

beforeEach(async () => {
  server = new FakeApiServer()
  await server.listen()
  clock = createManualClock()
  api = createApiClient({
    endpoint: createApiEndpoint(server.kubeConfig),
    clock,
    onResult: ({ verb, status }) => {
      if (verb === 'WATCH' && status === 200) for (const tell of onWatch.splice(0)) tell()
    },
  })
  cache = new ObjectCache()
  failures = []
  onWatch = []
})
afterEach(async () => {
  await reflector?.close()
  api.close()
  await server.close()
})

function start(
  selectors: { readonly labelSelector?: string; readonly idleTimeoutMs?: number } = {},
) {
  reflector = startReflector<ApiObject>({
    ...selectors,
    api,
    clock,
    random: () => 0.5,
    path: PATH,
    cache,
    observer: { failed: (phase, error) => failures.push(`${phase} ${(error as Error).message}`) },
  })
  return reflector
}

/** Resolves when the next watch stands. */
async function waitForWatch(): Promise<void> {
  await new Promise<void>((resolve) => onWatch.push(resolve))
  await new Promise(setImmediate)
}

/** Resolves with the next change of the cache that fits. */
const change = (fits: (change: CacheChange<ApiObject>) => boolean = () => true) =>
  new Promise<CacheChange<ApiObject>>((resolve) => {
    const stop = cache.subscribe((each) => {
      if (!fits(each)) return
      stop()
      resolve(each)
    })
  })

const names = (): string[] =>
  cache
    .list()
    .map(({ metadata }) => metadata.name)
    .sort()

/** Waits for a rest to be taken and lets it pass; its length in milliseconds. */
async function passBackoff(): Promise<number> {
  const delayMs = await clock.whenTimerSet(isShort)
  clock.advance(delayMs)
  return delayMs
}

describe('a reflector', () => {
  test('lists in pages of 500, watches from there with bookmarks, and keeps no managed fields', async () => {
    for (let i = 0; i < 1201; i++) server.objects.create(PATH, thing(`run-${i}`))
    const watching = server.waitForRequest(isWatch)
    await start({ labelSelector: 'study=s' }).synced
    expect(cache.list()).toHaveLength(1201)
    expect(cache.list()[0]?.metadata).not.toHaveProperty('managedFields')
    const lists = server.requests.filter(isList)
    expect(lists.map(({ query }) => query['limit'])).toEqual(['500', '500', '500'])
    expect((await watching).query).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '1301',
      timeoutSeconds: '450',
      labelSelector: 'study=s',
    })
  })

  test('watches on from the last bookmark when the server ends the watch, without a list', async () => {
    const first = waitForWatch()
    await start().synced
    await first
    server.objects.create('/api/v1/pods', thing('other'))
    server.bookmark()
    server.objects.create(PATH, thing('a'))
    await change()
    server.bookmark()
    const appeared = change()
    server.objects.create(PATH, thing('b'))
    await appeared
    clock.advance(10_000)
    const second = server.waitForRequest(isWatch)
    server.endWatches('end')
    expect((await second).query['resourceVersion']).toBe('103')
    expect(server.requests.filter(isList)).toHaveLength(1)
    expect(failures).toEqual([])
  })

  test('rests 1, 2, 4 ... 30 s, less some, while the server is away, and misses nothing', async () => {
    const first = waitForWatch()
    await start().synced
    await first
    const repair = server.injectFault(() => true, 'reset')
    server.endWatches('reset')
    const rests: number[] = []
    while (rests.length < 7) rests.push(await passBackoff())
    expect(rests).toEqual([875, 1750, 3500, 7000, 14_000, 26_250, 26_250])
    expect(server.requests.filter(isList)).toHaveLength(1)
    await clock.whenTimerSet(isShort)
    server.objects.create(PATH, thing('a'))
    repair()
    const appeared = change()
    await passBackoff()
    expect((await appeared).key.name).toBe('a')
  })

  test('lists again, after a backoff, when what it missed has expired', async () => {
    server.objects.create(PATH, thing('gone'))
    const first = waitForWatch()
    await start().synced
    await first
    const repair = server.injectFault(isWatch, 'reset')
    server.endWatches('reset')
    await clock.whenTimerSet(isShort)
    server.objects.delete(PATH, 'default/gone')
    server.objects.create(PATH, thing('new'))
    server.expireHistory()
    repair()
    const expired = waitForWatch()
    await passBackoff()
    await expired
    const again = waitForWatch()
    await passBackoff()
    await again
    expect(names()).toEqual(['new'])
    expect(server.requests.at(-1)?.query['resourceVersion']).toBe('103')
    expect(failures.some((failure) => failure.includes('Expired'))).toBe(true)
  })

  test('gives up a connection on which nothing comes, not even a bookmark', async () => {
    const first = waitForWatch()
    await start({ idleTimeoutMs: 90_000 }).synced
    await first
    clock.advance(89_999)
    expect(failures).toEqual([])
    const second = waitForWatch()
    clock.advance(1)
    await passBackoff()
    await second
    expect(failures).toEqual([`watch WATCH ${PATH}: nothing came for 90000 ms`])
  })

  test('does not come back at once to a server that ends every watch at once', async () => {
    const first = waitForWatch()
    await start().synced
    await first
    const second = waitForWatch()
    server.endWatches('end')
    expect(await passBackoff()).toBe(875)
    await second
    server.endWatches('end')
    expect(await passBackoff()).toBe(1750)
  })

  test('tries the first list until it succeeds, and rests as long as the server asks', async () => {
    const repair = server.injectFault(isList, {
      status: 503,
      reason: 'Unavailable',
      retryAfterSeconds: 25,
    })
    const { synced } = start()
    expect(await passBackoff()).toBe(25_000)
    await clock.whenTimerSet(isShort)
    repair()
    await passBackoff()
    await synced
    expect(failures).toHaveLength(2)
  })

  test('starts the list over when its pages expire half-way', async () => {
    for (let i = 0; i < 600; i++) server.objects.create(PATH, thing(`run-${i}`))
    const repair = server.injectFault(({ query }) => query['continue'] !== undefined, {
      status: 410,
      reason: 'Expired',
    })
    const { synced } = start()
    await clock.whenTimerSet(isShort)
    expect(cache.list()).toEqual([])
    repair()
    await passBackoff()
    await synced
    expect(cache.list()).toHaveLength(600)
  })

  test('survives lines that are no events, and an error that is not about age', async () => {
    const first = waitForWatch()
    await start().synced
    await first
    const second = waitForWatch()
    server.sendWatchLine({
      type: 'ERROR',
      object: { code: 500, reason: 'InternalError', message: 'etcd' },
    })
    await passBackoff()
    await second
    const appeared = change()
    server.objects.create(PATH, thing('a'))
    await appeared
    expect(failures).toEqual([`watch WATCH ${PATH}: etcd`])
    expect(server.requests.filter(isList)).toHaveLength(1)
  })

  test('knows when anything last came from the server', async () => {
    const first = waitForWatch()
    await start().synced
    await first
    const startMs = clock.nowMs()
    clock.advance(60_000)
    expect(reflector?.lastEventMs()).toBe(startMs)
    const appeared = change()
    server.objects.create(PATH, thing('a'))
    await appeared
    expect(reflector?.lastEventMs()).toBe(startMs + 60_000)
  })

  test('says that it was closed to whoever waits for the first list', async () => {
    server.injectFault(isList, 'hang')
    const listing = server.waitForRequest(isList)
    const waiting = expect(start().synced).rejects.toMatchObject({ code: 'Unavailable' })
    await listing
    await reflector?.close()
    await waiting
  })
})
