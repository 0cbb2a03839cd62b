import { describe, expect, it } from 'vitest'
import { PodAddresses } from './pod-address.ts'

describe('addresses of pods', () => {
  it('are loopback addresses, one a pod, and given again only when they are free', () => {
    const addresses = new PodAddresses('seed')
    const given = Array.from({ length: 600 }, (_, i) => addresses.assign(`uid-${i}`))
    expect(new Set(given).size).toBe(600)
    expect(
      given.every((address) => /^127\.(6[4-9]|[789]\d|1[01]\d|12[0-7])\.\d+\.\d+$/.test(address)),
    ).toBe(true)
    expect(addresses.assign('uid-7')).toBe(given[7])
    addresses.release('uid-7')
    expect(addresses.assign('another')).toBe(given[7])
  })
})
