import type { Profile } from '../../../method/settings/evaluation.ts'
import { type InputSide, SCENES_INPUT_SIDE } from '../../features/input-side.ts'

export interface AgreementHyperparameters {
  /** Of the whole images that the reference patches are drawn from. */
  readonly inputSide: InputSide
  /** Side of a crop after its resize, in patches. */
  readonly cropGrid: number
  /** Range of the side of a crop as a share of the shorter side of the image. */
  readonly cropShare: readonly [number, number]
  /** The common region is sampled at bins × bins places. */
  readonly bins: number
  readonly references: number
}

export const AGREEMENT_HYPERPARAMETERS: Readonly<Record<Profile, AgreementHyperparameters>> = {
  Official: {
    inputSide: { byPatchPx: {}, otherwise: 448 },
    ...{ cropGrid: 16, cropShare: [0.6, 1], bins: 7, references: 64 },
  },
  Scenes: {
    inputSide: SCENES_INPUT_SIDE,
    ...{ cropGrid: 8, cropShare: [0.6, 1], bins: 6, references: 64 },
  },
}
