/** How values between samples are made; the kernels are torch.nn.functional.interpolate's. */
export type Filter = 'Nearest' | 'Bilinear' | 'Bicubic' | 'BilinearAntialias' | 'BicubicAntialias'

/** What one output sample takes from the input: a weight per input index, no index twice. */
export type Taps = ReadonlyMap<number, number>

export interface Axis {
  readonly from: number
  readonly to: number
  /** Output size ÷ input size as the caller gave it; left out, it is to ÷ from. */
  readonly scaleFactor?: number
}

/** The taps of every output sample along one axis, align_corners off (docs/method.md §3.1). */
export function interpolationTaps(axis: Axis, filter: Filter): readonly Taps[] {
  const taps = TAPS_BY_FILTER[filter]
  const scale = axis.scaleFactor === undefined ? axis.from / axis.to : 1 / axis.scaleFactor
  return Array.from({ length: axis.to }, (_, output) => taps(output, scale, axis.from))
}

type ComputeTaps = (output: number, scale: number, size: number) => Taps

const TAPS_BY_FILTER: Readonly<Record<Filter, ComputeTaps>> = {
  Nearest: nearest,
  Bilinear: bilinear,
  Bicubic: bicubic,
  BilinearAntialias: (...where) => antialiased(triangle, 1, where),
  BicubicAntialias: (...where) => antialiased((x) => cubic(x, -0.5), 2, where),
}

/** torch computes the source index of nearest neighbors in float32. */
function nearest(output: number, scale: number, size: number): Taps {
  const source = Math.floor(Math.fround(output * Math.fround(scale)))
  return new Map([[Math.min(source, size - 1), 1]])
}

function bilinear(output: number, scale: number, size: number): Taps {
  const source = Math.max((output + 0.5) * scale - 0.5, 0)
  const first = Math.min(Math.floor(source), size - 1)
  const far = source - first
  return mergeTaps([
    [first, 1 - far],
    [Math.min(first + 1, size - 1), far],
  ])
}

/** Four taps of the cubic with a = −0.75; taps over the border fall on the border. */
function bicubic(output: number, scale: number, size: number): Taps {
  const source = (output + 0.5) * scale - 0.5
  const first = Math.floor(source) - 1
  return mergeTaps(
    [0, 1, 2, 3].map((tap): [number, number] => {
      const index = Math.min(Math.max(first + tap, 0), size - 1)
      return [index, cubic(source - first - tap, -0.75)]
    }),
  )
}

/**
 * The kernel stretched by the scale when the size shrinks, cut at the border, weights adding to 1.
 */
function antialiased(
  kernel: (x: number) => number,
  radius: number,
  [output, scale, size]: Parameters<ComputeTaps>,
): Taps {
  const stretch = Math.max(scale, 1)
  const support = radius * stretch
  const center = scale * (output + 0.5)
  const begin = Math.max(Math.trunc(center - support + 0.5), 0)
  const end = Math.min(Math.trunc(center + support + 0.5), size)
  const weights = Array.from({ length: end - begin }, (_, tap) =>
    kernel((tap + begin - center + 0.5) / stretch),
  )
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return new Map(weights.map((weight, tap) => [begin + tap, weight / total]))
}

function mergeTaps(taps: readonly (readonly [number, number])[]): Taps {
  const sums = new Map<number, number>()
  for (const [index, weight] of taps) sums.set(index, (sums.get(index) ?? 0) + weight)
  return sums
}

function triangle(x: number): number {
  return Math.max(1 - Math.abs(x), 0)
}

/** Keys' cubic convolution kernel of support 2 with parameter a. */
function cubic(x: number, a: number): number {
  const t = Math.abs(x)
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1
  if (t < 2) return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
  return 0
}
