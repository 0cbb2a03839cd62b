/** Why no pod of a run can start on a platform, however often it is tried. */
export interface Blocker {
  /** One word for programs, such as StorageNotConfigured. */
  readonly reason: string
  /** The field of the run that it is about, such as storage.claim. */
  readonly path: string
  /** Names the object and says what to do. */
  readonly message: string
}
