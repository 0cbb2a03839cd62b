import { expect, test } from 'vitest'
import { readGolden } from '../../test/golden/read-golden.ts'
import { bitonicNetwork } from './bitonic-network.ts'
import { oddEvenNetwork } from './sorting-network.ts'

const { networks } = readGolden('diffsort_wiring') as {
  networks: Record<'odd_even' | 'bitonic', Record<string, number[][][]>>
}

test.each([
  ['odd_even', oddEvenNetwork],
  ['bitonic', bitonicNetwork],
] as const)('the %s network has diffsort’s wiring at every size of the file', (name, network) => {
  const sizes = Object.keys(networks[name])
  const ours = Object.fromEntries(
    sizes.map((size) => [
      size,
      network(Number(size)).map((layer) =>
        layer.map(({ a, b, minimum, maximum }) => [a, b, minimum, maximum]),
      ),
    ]),
  )
  expect(sizes).toHaveLength(18)
  expect(ours).toEqual(networks[name])
})
