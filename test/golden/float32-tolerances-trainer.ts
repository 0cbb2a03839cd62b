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
 * the note in neco_train_steps.json); all else in it is float64. wasm: twice what PyTorch 2.15 with
 * diffsort 0.2.0 errs in float32 on one x86-64 core, as bench/pytorch/training_float32_error.py
 * prints it: loss 4.7e-7, embeddings 8.4e-7, gradients 1.43e-5, weights 7.6e-6, checksums 3.4e-7.
 * At steepness 100 a soft comparison multiplies a difference of similarities by 100/π, and Adam
 * divides each gradient by its own size, so roundings show.
 */
export const TRAINER_TOLERANCES: Readonly<Record<'reference' | 'wasm', TrainerTolerance>> = {
  reference: { loss: 1e-6, embeddings: 1e-6, gradients: 1e-6, weights: 1e-6, checksum: 1e-6 },
  wasm: {
    loss: 9.4e-7,
    embeddings: 1.68e-6,
    gradients: 2.86e-5,
    weights: 1.51e-5,
    checksum: 6.7e-7,
  },
}
