/** For each output position: the first input position and the weights from there on. */
interface Taps {
  readonly first: Int32Array
  readonly weights: readonly Float64Array[]
}

export interface Size {
  readonly rows: number
  readonly columns: number
}

/**
 * Weights of torch's bilinear resize with align_corners=False along one axis: two neighbours,
 * clamped at the border; with antialias a triangle as wide as the shrinking asks for.
 * Golden interpolate.json (bilinear cases).
 */
export function bilinearTaps(from: number, to: number, antialias = false): Taps {
  const scale = from / to
  const taps = Array.from({ length: to }, (_, place) =>
    antialias && scale > 1 ? wideTap(place, from, scale) : twoTap(place, from, scale),
  )
  return {
    first: Int32Array.from(taps, ({ first }) => first),
    weights: taps.map(({ weights }) => weights),
  }
}

interface Tap {
  readonly first: number
  readonly weights: Float64Array
}

function twoTap(place: number, from: number, scale: number): Tap {
  const source = Math.max((place + 0.5) * scale - 0.5, 0)
  const first = Math.min(Math.floor(source), from - 1)
  if (first === from - 1) return { first, weights: Float64Array.of(1) }
  return { first, weights: Float64Array.of(1 - (source - first), source - first) }
}

function wideTap(place: number, from: number, scale: number): Tap {
  const centre = (place + 0.5) * scale
  const first = Math.max(Math.trunc(centre - scale + 0.5), 0)
  const end = Math.min(Math.trunc(centre + scale + 0.5), from)
  const weights = Float64Array.from({ length: end - first }, (_, offset) =>
    Math.max(1 - Math.abs((first + offset - centre + 0.5) / scale), 0),
  )
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return { first, weights: weights.map((weight) => weight / total) }
}

interface ResizeOptions {
  readonly from: Size
  readonly to: Size
  readonly channels: number
  readonly antialias?: boolean
}

/** Resizes [rows, columns, channels] bilinearly, as torch does. Returns a new array. */
export function resizeBilinear(
  values: ArrayLike<number>,
  { from, to, channels, antialias = false }: ResizeOptions,
): Float64Array {
  const wide = along(values, {
    taps: bilinearTaps(from.columns, to.columns, antialias),
    outer: from.rows,
    from: from.columns,
    inner: channels,
  })
  return along(wide, {
    taps: bilinearTaps(from.rows, to.rows, antialias),
    outer: 1,
    from: from.rows,
    inner: to.columns * channels,
  })
}

interface Axis {
  readonly taps: Taps
  readonly outer: number
  readonly from: number
  readonly inner: number
}

/** Resamples the middle axis of [outer, from, inner]. */
function along(values: ArrayLike<number>, { taps, outer, from, inner }: Axis): Float64Array {
  const to = taps.first.length
  const resized = new Float64Array(outer * to * inner)
  for (let block = 0; block < outer; block++) {
    for (let place = 0; place < to; place++) {
      const target = (block * to + place) * inner
      const source = (block * from + (taps.first[place] as number)) * inner
      addWeighted(resized, values, {
        target,
        source,
        inner,
        weights: taps.weights[place] as Float64Array,
      })
    }
  }
  return resized
}

interface Span {
  readonly target: number
  readonly source: number
  readonly inner: number
  readonly weights: Float64Array
}

function addWeighted(
  sum: Float64Array,
  values: ArrayLike<number>,
  { target, source, inner, weights }: Span,
): void {
  for (let tap = 0; tap < weights.length; tap++) {
    const weight = weights[tap] as number
    const begin = source + tap * inner
    for (let offset = 0; offset < inner; offset++) {
      sum[target + offset] =
        (sum[target + offset] as number) + weight * (values[begin + offset] as number)
    }
  }
}

/** The class with the greatest score at each pixel of the bilinearly enlarged scores. The first wins. */
export function enlargedArgmax(
  scores: ArrayLike<number>,
  options: Omit<ResizeOptions, 'antialias'>,
): Uint8Array {
  const { channels, to } = options
  const enlarged = resizeBilinear(scores, options)
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

/** Resizes [rows, columns] by taking the nearest sample as torch does (⌊i·from/to⌋). Golden interpolate.json. */
export function resizeNearest(
  values: ArrayLike<number>,
  { from, to }: { readonly from: Size; readonly to: Size },
): Uint8Array {
  const resized = new Uint8Array(to.rows * to.columns)
  for (let row = 0; row < to.rows; row++) {
    const source = Math.min(Math.floor((row * from.rows) / to.rows), from.rows - 1)
    for (let column = 0; column < to.columns; column++) {
      const place = Math.min(Math.floor((column * from.columns) / to.columns), from.columns - 1)
      resized[row * to.columns + column] = values[source * from.columns + place] as number
    }
  }
  return resized
}
