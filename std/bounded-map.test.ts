import { describe, expect, test } from 'vitest'
import { BoundedMap } from './bounded-map.ts'

describe('a bounded map', () => {
  test('drops what was set longest ago where it would grow beyond its bound', () => {
    const map = new BoundedMap<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.set('c', 3)
    expect([...map.entries()]).toEqual([
      ['b', 2],
      ['c', 3],
    ])
    expect([map.has('a'), map.get('a'), map.size]).toEqual([false, undefined, 2])
  })

  test('counts an entry that is set again as new', () => {
    const map = new BoundedMap<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.set('a', 3)
    map.set('c', 4)
    expect([...map.entries()]).toEqual([
      ['a', 3],
      ['c', 4],
    ])
  })

  test('has room again after a deletion', () => {
    const map = new BoundedMap<undefined | string, number>(1)
    map.set(undefined, 1)
    expect(map.delete(undefined)).toBe(true)
    map.set('a', 2)
    expect([...map.entries()]).toEqual([['a', 2]])
  })
})
