/**
 * Eigenvalues of a symmetric matrix [n, n], row-major, in ascending order: Householder reduction to
 * a tridiagonal matrix, then QL steps with implicit shifts. O(n³). The input is not changed.
 * Throws Error when an eigenvalue needs more than 60 steps, which non-finite entries cause.
 */
export function symmetricEigenvalues(matrix: ArrayLike<number>, n: number): Float64Array {
  const tridiagonal = tridiagonalise(Float64Array.from(matrix), n)
  for (let first = 0; first < n; first++) iterateQl(tridiagonal, first)
  return tridiagonal.diagonal.sort()
}

interface Tridiagonal {
  readonly diagonal: Float64Array
  /** Place i holds the entry between i and i + 1; the last is 0. */
  readonly offDiagonal: Float64Array
}

function tridiagonalise(a: Float64Array, n: number): Tridiagonal {
  const offDiagonal = new Float64Array(n)
  for (let k = 0; k < n - 1; k++) {
    const reflector = buildReflector(a, n, k)
    offDiagonal[k] = reflector.alpha
    if (reflector.halfSquare > 0) reflect(a, n, { k, ...reflector })
  }
  return {
    diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i] as number),
    offDiagonal,
  }
}

interface Reflector {
  /** Entry beside the diagonal after the reflection. */
  readonly alpha: number
  /** v over rows k + 1 … n − 1; the reflection is 1 − v·vᵀ ÷ halfSquare. */
  readonly v: Float64Array
  readonly halfSquare: number
}

function buildReflector(a: Float64Array, n: number, k: number): Reflector {
  const v = Float64Array.from({ length: n - k - 1 }, (_, i) => a[(k + 1 + i) * n + k] as number)
  const length = Math.sqrt(dot(v, v))
  const head = v[0] as number
  if (length === 0) return { alpha: 0, v, halfSquare: 0 }
  const alpha = head > 0 ? -length : length
  v[0] = head - alpha
  return { alpha, v, halfSquare: length * length - head * alpha }
}

/** A ← H·A·H on the rows and columns below k, by A − v·wᵀ − w·vᵀ. */
function reflect(
  a: Float64Array,
  n: number,
  { k, v, halfSquare }: Reflector & { k: number },
): void {
  const size = v.length
  const row = (i: number) => a.subarray((k + 1 + i) * n + k + 1, (k + 2 + i) * n)
  const p = Float64Array.from({ length: size }, (_, i) => dot(row(i), v) / halfSquare)
  const half = dot(p, v) / (2 * halfSquare)
  const w = p.map((value, i) => value - half * (v[i] as number))
  for (let i = 0; i < size; i++) {
    const own = row(i)
    for (let j = 0; j < size; j++) {
      own[j] =
        (own[j] as number) -
        (v[i] as number) * (w[j] as number) -
        (w[i] as number) * (v[j] as number)
    }
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < b.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

const MAX_ITERATIONS = 60

/** Turns the entry beside place `first` into 0, so that its diagonal is an eigenvalue. */
function iterateQl(matrix: Tridiagonal, first: number): void {
  for (let step = 0; step <= MAX_ITERATIONS; step++) {
    const last = blockEnd(matrix, first)
    if (last === first) return
    runQlStep(matrix, first, last)
  }
  throw new Error('the eigenvalues do not settle: is every entry finite?')
}

/** The last place of the block that begins at `first`: the entry beside it is negligible. */
function blockEnd({ diagonal, offDiagonal }: Tridiagonal, first: number): number {
  let last = first
  while (last < diagonal.length - 1) {
    const scale = Math.abs(diagonal[last] as number) + Math.abs(diagonal[last + 1] as number)
    if (Math.abs(offDiagonal[last] as number) <= Number.EPSILON * scale) return last
    last++
  }
  return last
}

/** One implicit QL step with Wilkinson's shift on the block first … last. */
function runQlStep(
  { diagonal: d, offDiagonal: e }: Tridiagonal,
  first: number,
  last: number,
): void {
  const at = (values: Float64Array, place: number): number => values[place] as number
  const g0 = (at(d, first + 1) - at(d, first)) / (2 * at(e, first))
  const r0 = Math.hypot(g0, 1)
  let g = at(d, last) - at(d, first) + at(e, first) / (g0 + (g0 >= 0 ? r0 : -r0))
  let [sine, cosine, shift] = [1, 1, 0]
  for (let place = last - 1; place >= first; place--) {
    const f = sine * at(e, place)
    const b = cosine * at(e, place)
    const r = Math.hypot(f, g)
    e[place + 1] = r
    if (r === 0) {
      d[place + 1] = at(d, place + 1) - shift
      e[last] = 0
      return
    }
    sine = f / r
    cosine = g / r
    g = at(d, place + 1) - shift
    const turned = (at(d, place) - g) * sine + 2 * cosine * b
    shift = sine * turned
    d[place + 1] = g + shift
    g = cosine * turned - b
  }
  d[first] = at(d, first) - shift
  e[first] = g
  e[last] = 0
}
