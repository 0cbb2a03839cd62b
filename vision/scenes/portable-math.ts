/**
 * Functions of the drawn world that use only + − × ÷, floor and square root, which IEEE 754 rounds
 * exactly: any language with float64 gives the same bits. Their accuracy is that of a drawing.
 */

/** x − ⌊x⌋, in [0, 1). */
export const fraction = (x: number): number => x - Math.floor(x)

export const clamp = (x: number, low: number, high: number): number =>
  Math.max(low, Math.min(high, x))

/** A wave with period 1, zero at 0 and height 1, drawn as parabolas (within 0.06 of the sine). */
export function wave(turns: number): number {
  const t = fraction(turns)
  return t < 0.5 ? 16 * t * (0.5 - t) : -16 * (t - 0.5) * (1 - t)
}

/** Cosine and sine of an angle in [−½, ½] radians (Taylor, error below ½⁹ ÷ 9! < 6e-9). */
export function smallRotation(angle: number): readonly [cosine: number, sine: number] {
  const q = angle * angle
  const cosine = 1 - (q / 2) * (1 - (q / 12) * (1 - (q / 30) * (1 - q / 56)))
  const sine = angle * (1 - (q / 6) * (1 - (q / 20) * (1 - q / 42)))
  return [cosine, sine]
}

/** Arc sine of x clamped to [−1, 1], in half turns: [−½, ½] (Abramowitz and Stegun 4.4.45). */
export function arcSineHalfTurns(x: number): number {
  const size = clamp(Math.abs(x), 0, 1)
  const rest = 1.5707288 + size * (-0.2121144 + size * (0.074261 - 0.0187293 * size))
  const halfTurns = 0.5 - (Math.sqrt(1 - size) * rest) / Math.PI
  return x < 0 ? -halfTurns : halfTurns
}
