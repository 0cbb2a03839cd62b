/** What can be wrong with a file of weights. The code is what programs and logs look at. */
export type WeightsErrorCode =
  | 'VolumeMissing'
  | 'WeightsUnreadable'
  | 'WeightsTruncated'
  | 'WeightsHeaderInvalid'
  | 'WeightsOffsetsInvalid'
  | 'WeightsTensorSizeWrong'
  | 'WeightsTensorTwice'
  | 'WeightsTypeUnsupported'
  | 'WeightsNotFinite'
  | 'WeightsSeveralModels'
  | 'WeightsOfAnotherModel'

export interface WeightsFault {
  readonly code: WeightsErrorCode
  readonly file: string
  readonly tensor?: string
  readonly problem: string
  readonly remedy: string
}

/** A file of weights that cannot be used; the message names the file, the tensor and what to do. */
export class WeightsError extends Error {
  readonly code: WeightsErrorCode
  readonly file: string
  readonly tensor: string | undefined

  constructor(fault: WeightsFault, options?: ErrorOptions) {
    const place = fault.tensor === undefined ? fault.file : `${fault.file}: tensor ${fault.tensor}`
    super(`${place}: ${fault.problem}; ${fault.remedy}`, options)
    this.name = 'WeightsError'
    this.code = fault.code
    this.file = fault.file
    this.tensor = fault.tensor
  }
}
