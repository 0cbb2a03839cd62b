/** Ctrl-C. Each line says what remains or what was deleted. */
export class InterruptedError extends Error {
  readonly code = 'Interrupted'
  readonly lines: readonly string[]

  constructor(lines: readonly string[], options?: ErrorOptions) {
    super(lines.join('\n'), options)
    this.lines = lines
  }
}
