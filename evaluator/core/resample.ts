import { type Filter, interpolationTaps, type Taps } from '../../vision/vit/interpolation-taps.ts'

export interface GridSize {
  readonly rows: number
  readonly columns: number
}

interface ResampleOptions {
  readonly from: GridSize
  readonly to: GridSize
  readonly channels: number
  readonly filter: Filter
}

/**
 * Resizes [rows, columns, channels] as torch.nn.functional.interpolate does with align_corners off,
 * one axis after the other. Returns a new array. Golden interpolate.json.
 */
export function resize(
  values: ArrayLike<number>,
  { from, to, channels, filter }: ResampleOptions,
): Float64Array {
  const wide = resampleAxis(values, {
    taps: interpolationTaps({ from: from.columns, to: to.columns }, filter),
    outer: from.rows,
    from: from.columns,
    inner: channels,
  })
  return resampleAxis(wide, {
    taps: interpolationTaps({ from: from.rows, to: to.rows }, filter),
    outer: 1,
    from: from.rows,
    inner: to.columns * channels,
  })
}

interface ResampleAxis {
  readonly taps: readonly Taps[]
  readonly outer: number
  readonly from: number
  readonly inner: number
}

/** Resamples the middle axis of [outer, from, inner]. */
function resampleAxis(
  values: ArrayLike<number>,
  { taps, outer, from, inner }: ResampleAxis,
): Float64Array {
  const resized = new Float64Array(outer * taps.length * inner)
  for (let block = 0; block < outer; block++) {
    taps.forEach((own, place) => {
      const target = (block * taps.length + place) * inner
      own.forEach((weight, index) => {
        addWeighted(resized, values, {
          target,
          source: (block * from + index) * inner,
          inner,
          weight,
        })
      })
    })
  }
  return resized
}

interface Span {
  readonly target: number
  readonly source: number
  readonly inner: number
  readonly weight: number
}

function addWeighted(
  sum: Float64Array,
  values: ArrayLike<number>,
  { target, source, inner, weight }: Span,
): void {
  for (let offset = 0; offset < inner; offset++) {
    sum[target + offset] =
      (sum[target + offset] as number) + weight * (values[source + offset] as number)
  }
}

/**
 * The class with the greatest score at each pixel of the bilinearly enlarged scores; the first
 * wins.
 */
export function upsampleArgmax(
  scores: ArrayLike<number>,
  options: Omit<ResampleOptions, 'filter'>,
): Uint8Array {
  const { channels, to } = options
  const enlarged = resize(scores, { ...options, filter: 'Bilinear' })
  const classes = new Uint8Array(to.rows * to.columns)
  for (let pixel = 0; pixel < classes.length; pixel++) {
    let best = 0
    let greatest = Number.NEGATIVE_INFINITY
    for (let channel = 0; channel < channels; channel++) {
      const score = enlarged[pixel * channels + channel] as number
      if (score <= greatest) continue
      greatest = score
      best = channel
    }
    classes[pixel] = best
  }
  return classes
}
