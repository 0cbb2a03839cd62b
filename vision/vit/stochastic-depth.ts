import type { BackboneSettings } from './backbone-settings.ts'

/** What one block does with each image of a batch: 0 skips its branch, otherwise its scale. */
export interface BranchScales {
  readonly attention: readonly number[]
  readonly feedForward: readonly number[]
}

/** One entry a block; undefined where no branch is ever skipped. */
export type DropPathDraws = readonly (BranchScales | undefined)[]

/** The draws that stochastic depth needs; a random stream offers them. */
export interface DropSource {
  uniform(): number
  permutation(length: number): ArrayLike<number>
}

/**
 * The rate of each block: torch.linspace(0, rate, depth) in float32, which at rate 0.1 ends at
 * 0.10000000149, just above the bound where DINOv2 changes its way of dropping (docs/method.md
 * §1.3).
 */
export function dropPathRates({
  depth,
  dropPathRate,
}: Pick<BackboneSettings, 'depth' | 'dropPathRate'>): readonly number[] {
  const end = Math.fround(dropPathRate)
  const step = Math.fround(end / Math.max(depth - 1, 1))
  return Array.from({ length: depth }, (_, block) => {
    if (depth === 1) return 0
    if (block < Math.floor(depth / 2)) return Math.fround(step * block)
    return Math.fround(end - Math.fround(step * (depth - 1 - block)))
  })
}

/**
 * Draws stochastic depth for a batch. DINO v1, and rates up to 0.1: each image is kept with
 * probability 1 − rate and scaled by its inverse. Other forms above 0.1: exactly ⌊batch·(1 − rate)⌋
 * images, at least one, keep the branch, scaled by batch ÷ kept.
 */
export function drawDropPath(
  settings: Pick<BackboneSettings, 'family' | 'depth' | 'dropPathRate'>,
  batch: number,
  source: DropSource,
): DropPathDraws {
  return dropPathRates(settings).map((rate) => {
    if (rate === 0) return undefined
    const draw = settings.family !== 'DinoV1' && rate > 0.1 ? drawSubset : drawEach
    return { attention: draw(batch, rate, source), feedForward: draw(batch, rate, source) }
  })
}

function drawEach(batch: number, rate: number, source: DropSource): readonly number[] {
  const kept = 1 - rate
  return Array.from({ length: batch }, () => (source.uniform() < kept ? 1 / kept : 0))
}

function drawSubset(batch: number, rate: number, source: DropSource): readonly number[] {
  const kept = Math.max(Math.floor(batch * (1 - rate)), 1)
  const scales = new Array<number>(batch).fill(0)
  const order = source.permutation(batch)
  for (let index = 0; index < kept; index++) scales[order[index] ?? 0] = batch / kept
  return scales
}
