/** Cosine and sine of the rotation of each token, [N, D ÷ heads] row-major. */
export interface RotaryTable {
  readonly tokens: number
  readonly cos: Float64Array
  readonly sin: Float64Array
}

/** Base of the periods of DINOv3. */
const BASE_PERIOD = 100

/**
 * DINOv3's rotation by patch center (docs/method.md §3.4): the center mapped to [−1, 1], periods
 * 100^(4k ÷ width), angles 2π·coordinate ÷ period laid out [rows, columns] and tiled twice. The
 * leading tokens (class, registers) have angle 0 and so stay as they are.
 */
export function rotaryTable(shape: {
  readonly grid: readonly [rows: number, columns: number]
  readonly headWidth: number
  readonly leadingTokens: number
}): RotaryTable {
  const [rows, columns] = shape.grid
  const tokens = shape.leadingTokens + rows * columns
  const angles = new Float64Array(tokens * shape.headWidth)
  for (let patch = 0; patch < rows * columns; patch++) {
    const y = ((Math.floor(patch / columns) + 0.5) / rows) * 2 - 1
    const x = (((patch % columns) + 0.5) / columns) * 2 - 1
    angles.set(patchAngles(y, x, shape.headWidth), (shape.leadingTokens + patch) * shape.headWidth)
  }
  return { tokens, cos: angles.map(Math.cos), sin: angles.map(Math.sin) }
}

function patchAngles(y: number, x: number, headWidth: number): readonly number[] {
  const quarter = headWidth / 4
  const half = [y, x].flatMap((coordinate) =>
    Array.from(
      { length: quarter },
      (_, k) => (2 * Math.PI * coordinate) / BASE_PERIOD ** (k / quarter),
    ),
  )
  return [...half, ...half]
}
