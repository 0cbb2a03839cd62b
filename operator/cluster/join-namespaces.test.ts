import { describe, expect, test } from 'vitest'
import { createSimulatedPlatform } from '../../test/fakes/simulated-platform.ts'
import { buildSimulatedSweep } from '../../test/fixtures/simulated-study.ts'
import { joinNamespaces } from './join-namespaces.ts'

const inNamespace = (namespace: string) => ({
  ...buildSimulatedSweep(),
  metadata: { name: 'study', namespace },
})

describe('joined namespaces', () => {
  test('read from all and write to the one that is meant', async () => {
    const [a, b] = [createSimulatedPlatform(), createSimulatedPlatform()]
    const { sweeps } = joinNamespaces(
      new Map([
        ['a', a],
        ['b', b],
      ]),
    )
    const seen: string[] = []
    const stop = sweeps.watch(({ name }) => seen.push(name))
    await sweeps.create(inNamespace('b'))
    expect([(await a.sweeps.list()).length, (await b.sweeps.list()).length]).toEqual([0, 1])
    expect(await sweeps.list()).toHaveLength(1)
    expect(await sweeps.get({ namespace: 'b', name: 'study' })).toBeDefined()
    expect(await sweeps.get({ namespace: 'a', name: 'study' })).toBeUndefined()
    stop()
    await sweeps.create(inNamespace('a'))
    expect(seen).toEqual(['study'])
  })

  test('refuse a namespace that is not watched', async () => {
    const { sweeps } = joinNamespaces(new Map([['a', createSimulatedPlatform()]]))
    await expect(sweeps.create(inNamespace('c'))).rejects.toThrow('namespace c is not watched')
    expect(await sweeps.get({ namespace: 'c', name: 'study' })).toBeUndefined()
  })

  test('are the ports themselves where the whole cluster is one', () => {
    const platform = createSimulatedPlatform()
    expect(joinNamespaces(new Map([['', platform]]))).toBe(platform)
  })
})
