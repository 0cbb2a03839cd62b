/** An error that the user can correct. Each line names the file and the field. */
export class InputError extends Error {
  readonly code = 'InputWrong'
  readonly lines: readonly string[]

  constructor(lines: readonly string[], options?: ErrorOptions) {
    super(lines.join('\n'), options)
    this.lines = lines
  }
}
