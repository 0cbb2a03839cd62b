const SERIES_LIMIT = 2.5
const TWO_OVER_SQRT_PI = 1.1283791670955126

/**
 * erf(x) to float64 rounding (a few 1e-16): the series x·Σ in the middle, and
 * the continued fraction of erfc outside.
 */
export function errorFunction(x: number): number {
  if (Number.isNaN(x)) return x
  const magnitude = Math.abs(x)
  if (magnitude > 6.5) return Math.sign(x)
  if (magnitude <= SERIES_LIMIT) return erfSeries(x)
  return Math.sign(x) * (1 - erfcFraction(magnitude))
}

/**
 * erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)): all terms positive, no cancellation.
 */
function erfSeries(x: number): number {
  const square = x * x
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * square) / (2 * n + 1)
    sum += term
  }
  return TWO_OVER_SQRT_PI * Math.exp(-square) * sum
}

/** erfc(x) for x > 2 by its continued fraction, evaluated from the far end. */
function erfcFraction(x: number): number {
  let fraction = x
  for (let n = 60; n >= 1; n--) fraction = x + n / 2 / fraction
  return (Math.exp(-x * x) / fraction) * (TWO_OVER_SQRT_PI / 2)
}
