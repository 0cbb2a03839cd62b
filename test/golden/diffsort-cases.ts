import type { Relaxation, SortingNetwork } from '../../method/settings/loss.ts'
import { parseGoldenTensor, readGolden } from './read-golden.ts'

/** One sort by diffsort of B rows of n; every tensor lies row by row. */
export interface DiffsortCase {
  readonly name: string
  /** The group of float32-errors.json. */
  readonly group: string
  readonly network: SortingNetwork
  readonly relaxation: Relaxation
  readonly steepness: number
  readonly lambda: number
  readonly n: number
  /** [B, n] */
  readonly x: Float64Array
  /** ∂/∂P of Σ W∘P, laid out [rank, input] as softSort has it. */
  readonly W: Float64Array
  readonly v: Float64Array
  readonly sorted: Float64Array
  /** P laid out [rank, input]. */
  readonly permutation: Float64Array
  readonly permutationGradient: Float64Array
  readonly sortedGradient: Float64Array
}

const relaxations: Readonly<Record<string, Relaxation>> = {
  logistic: 'Logistic',
  logistic_phi: 'LogisticPhi',
  cauchy: 'Cauchy',
  gaussian: 'Gaussian',
  optimal: 'Optimal',
  reciprocal: 'Reciprocal',
}
export const goldenRelaxation = (name: string): Relaxation => {
  const found = relaxations[name]
  if (!found) throw new Error(`unknown distribution ${name}`)
  return found
}
export const goldenNetwork = (name: string): SortingNetwork =>
  name === 'bitonic' ? 'Bitonic' : 'OddEven'

export const diffsortFiles = [
  'diffsort_n2_to_n8',
  'diffsort_n12_n16_n32',
  'diffsort_n49',
  'diffsort_edge',
] as const

interface RawCase {
  readonly name?: string
  readonly net: string
  readonly n: number
  readonly distribution: string
  readonly steepness: number
  readonly art_lambda: number | null
  readonly [tensor: string]: unknown
}

/** Every case of a diffsort file. */
export function diffsortCases(file: (typeof diffsortFiles)[number]): readonly DiffsortCase[] {
  const golden = readGolden(file) as {
    cases: readonly RawCase[]
    sizes?: Record<string, Record<string, unknown>>
  }
  return golden.cases.map((raw) => parseDiffsortCase(raw, golden.sizes?.[String(raw.n)] ?? raw))
}

function parseDiffsortCase(raw: RawCase, inputs: Record<string, unknown>): DiffsortCase {
  const array = (node: unknown) => parseGoldenTensor(node).data
  const { n } = raw
  return {
    name: `${raw.name ?? ''} n=${n} ${raw.net} ${raw.distribution} β=${raw.steepness}`.trim(),
    group: raw.name ?? `steepness ${raw.steepness}`,
    network: goldenNetwork(raw.net),
    relaxation: goldenRelaxation(raw.distribution),
    steepness: raw.steepness,
    lambda: raw.art_lambda ?? 0.25,
    n,
    x: array(inputs['x']),
    W: transposeMatrices(array(inputs['W']), n),
    v: array(inputs['v']),
    sorted: array(raw['sorted']),
    permutation: transposeMatrices(array(raw['perm']), n),
    permutationGradient: array(raw['grad_perm']),
    sortedGradient: array(raw['grad_sorted']),
  }
}

/** Square matrices [B, n, n] with their last two axes exchanged. */
export function transposeMatrices(matrices: Float64Array, n: number): Float64Array {
  return matrices.map((_, at) => {
    const batch = Math.floor(at / (n * n)) * n * n
    return matrices[batch + (at % n) * n + Math.floor((at - batch) / n)] as number
  })
}
