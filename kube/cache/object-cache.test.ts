import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ApiObject, indexByLabel, indexByOwner, toObjectKey } from './indexer.ts'
import { type CacheChange, ObjectCache, type WatchEvent } from './object-cache.ts'
import { compareResourceVersions } from './resource-version.ts'

interface Thing extends ApiObject {
  readonly value?: number
}

const key = { namespace: 'default', name: 'a' }
const thing = (uid: string, version: number, name = 'a'): Thing => ({
  metadata: { name, namespace: 'default', uid, resourceVersion: String(version) },
})
const event = (type: WatchEvent<Thing>['type'], object: Thing): WatchEvent<Thing> => ({
  type,
  object,
})

function openCache(first: readonly Thing[] = [], version = 10) {
  const cache = new ObjectCache<Thing>({
    indexes: { owner: indexByOwner, study: indexByLabel('study') },
  })
  cache.replace(cache.startList(), first, String(version))
  const changes: CacheChange<Thing>[] = []
  cache.subscribe((change) => changes.push(change))
  const listNotifications = () =>
    changes.splice(0).map(({ before, after, urgency }) => {
      const word = before === undefined ? 'add' : after === undefined ? 'delete' : 'change'
      return `${urgency} ${word} ${(after ?? before)?.metadata.uid}`
    })
  return { cache, listNotifications }
}

describe('a cache of objects', () => {
  test('shows what was written before any event tells of it, and tells of it once', () => {
    const { cache, listNotifications } = openCache()
    cache.applyWrite(thing('u', 12))
    expect(cache.get(key)?.metadata.uid).toBe('u')
    cache.applyEvent(event('ADDED', thing('u', 11)))
    cache.applyEvent(event('MODIFIED', thing('u', 12)))
    expect(cache.get(key)?.metadata.resourceVersion).toBe('12')
    expect(listNotifications()).toEqual(['live add u'])
  })

  test('keeps what was written though a list that was asked for before does not have it', () => {
    const { cache } = openCache()
    const mark = cache.startList()
    cache.applyWrite(thing('u', 12))
    cache.replace(mark, [], '11')
    expect(cache.get(key)?.metadata.uid).toBe('u')
    cache.replace(cache.startList(), [], '13')
    expect(cache.get(key)).toBeUndefined()
  })

  test('does not bring back what was deleted by an older event, list or answer', () => {
    const { cache, listNotifications } = openCache([thing('u', 9)])
    const mark = cache.startList()
    cache.applyDelete(key, 'u')
    cache.applyEvent(event('MODIFIED', thing('u', 11)))
    cache.replace(mark, [thing('u', 11)], '11')
    cache.applyWrite(thing('u', 12))
    expect(cache.get(key)).toBeUndefined()
    cache.applyEvent(event('DELETED', thing('u', 13)))
    cache.applyWrite(thing('u', 12))
    expect(cache.get(key)).toBeUndefined()
    expect(listNotifications()).toEqual(['live delete u'])
  })

  test('tells of an object made again under its name as a deletion and a creation', () => {
    const { cache, listNotifications } = openCache([thing('u', 9)])
    cache.replace(cache.startList(), [thing('v', 14)], '15')
    expect(listNotifications()).toEqual(['resync delete u', 'resync add v'])
    cache.applyEvent(event('ADDED', thing('w', 16)))
    expect(listNotifications()).toEqual(['live delete v', 'live add w'])
  })

  test('follows a server that was restored from an older state', () => {
    const { cache } = openCache([thing('u', 9), thing('x', 10, 'b')], 20)
    cache.replace(cache.startList(), [thing('u', 4)], '5')
    expect(cache.list().map(({ metadata }) => metadata.resourceVersion)).toEqual(['4'])
    cache.applyEvent(event('MODIFIED', thing('u', 6)))
    expect(cache.get(key)?.metadata.resourceVersion).toBe('6')
  })

  test('finds objects by owner and by label, as they are now', () => {
    const { cache } = openCache()
    const owned = (version: number, owner: string, study: string): Thing => {
      const { metadata } = thing('u', version)
      return {
        metadata: { ...metadata, labels: { study }, ownerReferences: [{ uid: owner }] },
      }
    }
    cache.applyWrite(owned(11, 'o1', 's1'))
    cache.applyWrite(owned(12, 'o2', 's2'))
    const found = (index: string, value: string) => cache.find(index, value).length
    expect([found('owner', 'o1'), found('owner', 'o2')]).toEqual([0, 1])
    expect([found('study', 's1'), found('study', 's2')]).toEqual([0, 1])
    cache.applyDelete(key, 'u')
    expect(found('owner', 'o2')).toBe(0)
    expect(() => cache.find('nothing', '')).toThrow('there is no index nothing')
  })

  test('tells every subscriber though one throws', () => {
    const failures: unknown[] = []
    const cache = new ObjectCache<Thing>({ onSubscriberError: (error) => failures.push(error) })
    const received: string[] = []
    cache.subscribe(() => {
      throw new Error('no')
    })
    cache.subscribe(({ key: { name } }) => received.push(name))
    cache.applyWrite(thing('u', 1))
    expect([received, failures.length]).toEqual([['a'], 1])
  })
})

test('versions of any length are ordered as the integers they are', () => {
  const version = fc.bigInt({ min: 1n, max: 10n ** 30n })
  fc.assert(
    fc.property(version, version, (a, b) => {
      const order = Math.sign(compareResourceVersions(String(a), String(b)) ?? Number.NaN)
      expect(order).toBe(a < b ? -1 : a > b ? 1 : 0)
    }),
  )
  expect(compareResourceVersions('abc', '12')).toBeUndefined()
})

/**
 * A server's history of three names, and a client of it that writes, lists and watches at its own
 * pace.
 */
class CacheSimulation {
  readonly cache = new ObjectCache<Thing>()
  readonly #server = new Map<string, Thing>()
  readonly #history: WatchEvent<Thing>[] = []
  readonly #answers: (() => void)[] = []
  #version = 1
  #watched = 1
  #uids = 0
  #list: (() => void) | undefined

  constructor() {
    this.#startList()
    this.#endList()
  }

  /** Writes or deletes one of three names; the answer waits until it is let through. */
  write(name: string, isDeletion: boolean, isOurs: boolean): void {
    const held = this.#server.get(name)
    if (held === undefined && isDeletion) return
    const object = thing(held?.metadata.uid ?? `u${++this.#uids}`, ++this.#version, name)
    const type = isDeletion ? 'DELETED' : held === undefined ? 'ADDED' : 'MODIFIED'
    this.#history.push(event(type, object))
    if (isDeletion) this.#server.delete(name)
    else this.#server.set(name, object)
    if (!isOurs) return
    this.#answers.push(() => {
      if (isDeletion) this.cache.applyDelete(toObjectKey(object), object.metadata.uid)
      else this.cache.applyWrite(object)
    })
  }

  answer(nth: number): void {
    const [take] = this.#answers.splice(nth % Math.max(1, this.#answers.length), 1)
    take?.()
  }

  /** Delivers the next event of the watch, or a bookmark where there is none. */
  watch(): void {
    if (this.#list !== undefined) return
    const next = this.#history.find(({ object }) => readVersion(object) > this.#watched)
    if (next === undefined) {
      this.cache.applyBookmark(String(this.#version))
      return
    }
    this.#watched = readVersion(next.object)
    this.cache.applyEvent(next)
  }

  /** The watch begins again from a version that it has passed: events come a second time. */
  rewind(by: number): void {
    this.#watched = Math.max(1, this.#watched - by)
  }

  /** Asks for a list, or gets the one asked for before: what it holds is of the time in between. */
  list(): void {
    if (this.#list === undefined) this.#startList()
    else this.#endList()
  }

  settle(): void {
    if (this.#list !== undefined) this.#endList()
    while (this.#answers.length > 0) this.answer(0)
    for (let left = this.#history.length; left >= 0; left--) this.watch()
  }

  state(): { readonly held: readonly string[]; readonly onServer: readonly string[] } {
    const text = ({ metadata }: Thing) => Object.values(metadata).join(' ')
    return {
      held: this.cache.list().map(text).sort(),
      onServer: [...this.#server.values()].map(text).sort(),
    }
  }

  #startList(): void {
    const mark = this.cache.startList()
    const items = [...this.#server.values()]
    const version = this.#version
    this.#list = () => {
      this.#watched = version
      this.cache.replace(mark, items, String(version))
    }
  }
  #endList(): void {
    this.#list?.()
    this.#list = undefined
  }
}

const readVersion = ({ metadata }: ApiObject): number => Number(metadata.resourceVersion)

type Step = (simulation: CacheSimulation) => void
const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean(), fc.boolean()).map(
    ([name, isDeletion, isOurs]): Step =>
      (simulation) =>
        simulation.write(name, isDeletion, isOurs),
  ),
  fc.nat(5).map(
    (nth): Step =>
      (simulation) =>
        simulation.answer(nth),
  ),
  fc.constant<Step>((simulation) => simulation.watch()),
  fc.constant<Step>((simulation) => simulation.list()),
  fc.nat(4).map(
    (by): Step =>
      (simulation) =>
        simulation.rewind(by),
  ),
)

test('whatever comes late and in whatever order, the cache ends as the server is', () => {
  fc.assert(
    fc.property(fc.array(arbitraryStep, { maxLength: 60 }), (steps) => {
      const simulation = new CacheSimulation()
      for (const step of steps) step(simulation)
      simulation.settle()
      const { held, onServer } = simulation.state()
      expect(held).toEqual(onServer)
    }),
    { numRuns: 2000 },
  )
})

test('an answer to a write, once in, is never followed by an older state of its object', () => {
  fc.assert(
    fc.property(fc.array(arbitraryStep, { maxLength: 60 }), (steps) => {
      const simulation = new CacheSimulation()
      const newest = new Map<string, number>()
      const stepsBack: string[] = []
      simulation.cache.subscribe(({ before, after }) => {
        const { uid } = (after ?? before ?? thing('', 0)).metadata
        const version = after === undefined ? Number.POSITIVE_INFINITY : readVersion(after)
        if (version <= (newest.get(uid) ?? 0)) stepsBack.push(`${uid} at ${version}`)
        newest.set(uid, version)
      })
      for (const step of steps) step(simulation)
      simulation.settle()
      expect(stepsBack).toEqual([])
    }),
    { numRuns: 2000 },
  )
})
