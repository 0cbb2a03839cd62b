export interface SgdSettings {
  readonly learningRate: number
  readonly momentum: number
  readonly weightDecay: number
}

/**
 * One step of stochastic gradient descent as torch makes it, in place: velocity ← momentum ·
 * velocity + gradient + weightDecay · values, then values −= learningRate · velocity. The velocity starts at 0.
 */
export function applySgdStep(
  { values, velocity }: { readonly values: Float64Array; readonly velocity: Float64Array },
  gradient: ArrayLike<number>,
  { learningRate, momentum, weightDecay }: SgdSettings,
): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    const speed = momentum * (velocity[i] as number) + (gradient[i] as number) + weightDecay * value
    velocity[i] = speed
    values[i] = value - learningRate * speed
  }
}
