/** Prints a measured figure with the test results; no test asserts it. */
export const printMeasurement = (text: string): void => {
  process.stderr.write(`figure: ${text}\n`)
}
