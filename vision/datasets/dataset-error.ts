export type DatasetErrorCode =
  | 'DataFolderMissing'
  | 'DataEmpty'
  | 'DataFileMissing'
  | 'DataImageUnreadable'
  | 'DataMaskUnreadable'
  | 'DataMaskSizeWrong'
  | 'DataClassUnknown'
  | 'DataClassesInvalid'
  | 'DataWithoutMasks'

/** Data that cannot be used; the message names the file and says what to do. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError'
  readonly code: DatasetErrorCode

  constructor(code: DatasetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
