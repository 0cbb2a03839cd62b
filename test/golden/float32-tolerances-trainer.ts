/** Relative differences allowed in the recorded trainings. */
interface TrainerTolerance {
  readonly loss: number
  readonly embeddings: number
  /** Of each gradient against its largest magnitude. */
  readonly gradients: number
  readonly weights: number
  readonly checksum: number
}

/**
 * reference: the recorded program resizes the positions of local crops in float32, hence 1e-6 (see
 * the note in neco_train_steps.json); all else in it is float64.
 * wasm: float32 throughout. Measured worst: loss 1.7e-7, gradients 1.1e-5, weights after three steps
 * 8.3e-6. At steepness 100 a soft comparison multiplies a difference of similarities by 100/π, and
 * Adam divides each gradient by its own size, so the rounding of the smallest gradients shows.
 */
export const TRAINER_TOLERANCES: Readonly<Record<'reference' | 'wasm', TrainerTolerance>> = {
  reference: { loss: 1e-6, embeddings: 1e-6, gradients: 1e-6, weights: 1e-6, checksum: 1e-6 },
  wasm: { loss: 1e-6, embeddings: 2e-6, gradients: 2e-5, weights: 2e-5, checksum: 1e-6 },
}
