/** Prints a measured figure beside the results of the tests; no test asserts it. */
export const printMeasurement = (text: string): void => {
  process.stderr.write(`figure: ${text}\n`)
}
