import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aReport } from '../../test/contract/bus-contract.ts'
import { distinctReports } from './distinct-reports.ts'

test('reports that come in any order and any number of times count once each, in the order of their pod', () => {
  const arbitraryReports = fc.array(
    fc.record({
      podUid: fc.constantFrom('a', 'b', 'c'),
      sequence: fc.integer({ min: 1, max: 40 }),
    }),
    { maxLength: 120 },
  )
  fc.assert(
    fc.property(arbitraryReports, (all) => {
      const given = distinctReports(all.map(({ podUid, sequence }) => aReport(podUid, sequence)))
      const names = given.map(({ podUid, sequence }) => `${podUid} ${sequence}`)
      expect(new Set(names)).toEqual(new Set(all.map((one) => `${one.podUid} ${one.sequence}`)))
      expect(new Set(names).size).toBe(names.length)
      for (const pod of ['a', 'b', 'c']) {
        const own = given.filter(({ podUid }) => podUid === pod).map(({ sequence }) => sequence)
        expect(own).toEqual([...own].sort((a, b) => a - b))
      }
    }),
  )
})
