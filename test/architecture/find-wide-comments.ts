/** The width of a line, in characters. */
export const LINE_WIDTH = 100

const STRINGS = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g

/** Whether a line of a formatted TypeScript source is a comment, or ends in one. */
function hasComment(line: string): boolean {
  if (/^\s*(?:\/\/|\/\*|\*)/.test(line)) return true
  return /\s\/[/*]/.test(line.replaceAll(STRINGS, "''"))
}

/** Lines, from 1, of the comments that run beyond the width. Longer code is the formatter's. */
export const findWideComments = (source: string): number[] =>
  source
    .split('\n')
    .flatMap((line, index) =>
      [...line].length > LINE_WIDTH && hasComment(line) ? [index + 1] : [],
    )
