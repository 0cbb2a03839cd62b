/** A square map of attention, row by row, and how much of it is foreground. */
export interface AttentionMap {
  readonly side: number
  readonly attention: ArrayLike<number> // [side, side]
  /** Share of the attention that the foreground holds: 0.6 in the released code. */
  readonly massThreshold: number
}

const blurSigma = 0.6
const blurReach = 3
const smallestComponent = 3

/**
 * The foreground by attention (docs/method.md §1.6, attention_masks.json): blur by 7×7 with σ 0.6,
 * keep the strongest patches that hold `keptMass`, drop 8-connected components of at most two.
 * Gives 1 for foreground and 0 for background.
 */
export function foregroundMask({ side, attention, massThreshold }: AttentionMap): Uint8Array {
  const blurred = blurAttention(attention, side)
  return removeSmallComponents(selectTopMass(blurred, massThreshold), side)
}

/** Weights of the blur; torchvision makes them in float32, whatever it blurs. */
function blurTaps(): readonly { readonly offset: number; readonly weight: number }[] {
  const offsets = Array.from({ length: 2 * blurReach + 1 }, (_, i) => i - blurReach)
  const heights = offsets.map((offset) => {
    const ratio = Math.fround(offset / blurSigma)
    return Math.fround(Math.exp(-0.5 * Math.fround(ratio * ratio)))
  })
  const sum = heights.reduce((total, height) => Math.fround(total + height), 0)
  return offsets.map((offset, i) => ({ offset, weight: Math.fround((heights[i] ?? 0) / sum) }))
}

const taps = blurTaps()

/** torchvision's GaussianBlur(7, 0.6): separable, reflected at the border without repeating it. */
export function blurAttention(attention: ArrayLike<number>, side: number): Float64Array {
  const blurred = new Float64Array(side * side)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      blurred[y * side + x] = taps.reduce((total, down) => {
        const row = side * reflect(y + down.offset, side)
        const across = taps.reduce(
          (part, { offset, weight }) =>
            part + weight * (attention[row + reflect(x + offset, side)] ?? 0),
          0,
        )
        return total + down.weight * across
      }, 0)
    }
  }
  return blurred
}

/** Index of a place beyond the border, mirrored at the outermost pixels, as often as needed. */
function reflect(index: number, side: number): number {
  if (side === 1) return 0
  const period = 2 * (side - 1)
  const place = ((index % period) + period) % period
  return place < side ? place : period - place
}

/** 1 where the cumulative share of the values, from the smallest on, is above 1 − keptMass. */
function selectTopMass(values: Float64Array, massThreshold: number): Uint8Array {
  const order = Array.from(values.keys()).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0))
  const total = order.reduce((sum, index) => sum + (values[index] ?? 0), 0)
  const kept = new Uint8Array(values.length)
  let share = 0
  for (const index of order) {
    share += (values[index] ?? 0) / total
    kept[index] = share > 1 - massThreshold ? 1 : 0
  }
  return kept
}

function removeSmallComponents(mask: Uint8Array, side: number): Uint8Array {
  const cleaned = mask.slice()
  const seen = new Uint8Array(mask.length)
  for (const [start, kept] of mask.entries()) {
    if (!kept || seen[start]) continue
    const component = collectComponent(start, { mask, seen, side })
    if (component.length >= smallestComponent) continue
    for (const index of component) cleaned[index] = 0
  }
  return cleaned
}

interface Search {
  readonly mask: Uint8Array
  /** Marked as the search goes. */
  readonly seen: Uint8Array
  readonly side: number
}

/** The pixels that hang together with `start`, also over corners. */
function collectComponent(start: number, { mask, seen, side }: Search): readonly number[] {
  const component = [start]
  seen[start] = 1
  for (const index of component) {
    for (const neighbor of listAdjacentPixels(index, side)) {
      if (!mask[neighbor] || seen[neighbor]) continue
      seen[neighbor] = 1
      component.push(neighbor)
    }
  }
  return component
}

function listAdjacentPixels(index: number, side: number): number[] {
  const [x, y] = [index % side, Math.floor(index / side)]
  const steps = [-1, 0, 1]
  return steps.flatMap((dy) =>
    steps
      .filter((dx) => y + dy >= 0 && y + dy < side && x + dx >= 0 && x + dx < side)
      .map((dx) => index + dy * side + dx),
  )
}
