/** One import of a TypeScript file, of values or of types. */
export interface Import {
  /** Line of the specifier, from 1. */
  readonly line: number
  /** As written: `./sibling.ts`, `node:fs`, `zod`. */
  readonly specifier: string
  /** Gone when the program runs: `import type`, or braces with nothing but `type` names. */
  readonly typesOnly: boolean
}

const STATEMENT = /^(?:import|export)\b([^'";]*?)\bfrom\s*'([^']+)'/gm
const SIDE_EFFECT = /^import\s*'([^']+)'/gm
const EXPRESSION = /\b(?:import|require)\(\s*(?:'([^']*)'|([^)\s]))/g
const WORKER = /\bnew URL\(\s*'(\.[^']+\.ts)',\s*import\.meta\.url/g
const TYPES_ONLY = /^\s*(?:type\b|\{\s*(?:type\s[^,}]+,?\s*)+\}\s*$)/

/** The specifier of a computed import, whose target is unknown. */
export const COMPUTED = '(computed)'

const countLines = (text: string): number => text.split('\n').length

/**
 * Reads the imports of a formatted TypeScript source: statements that begin a line, `import()` and
 * `require()` anywhere, and `new URL('./file.ts', import.meta.url)`, which starts a worker.
 */
export function parseImports(source: string): Import[] {
  const collect = (
    pattern: RegExp,
    read: (match: RegExpMatchArray) => Omit<Import, 'line'>,
  ): Import[] =>
    [...source.matchAll(pattern)].map((match) => ({
      line: countLines(source.slice(0, match.index + match[0].length)),
      ...read(match),
    }))
  return [
    ...collect(STATEMENT, ([, clause = '', specifier = '']) => ({
      specifier,
      typesOnly: TYPES_ONLY.test(clause),
    })),
    ...collect(SIDE_EFFECT, ([, specifier = '']) => ({ specifier, typesOnly: false })),
    ...collect(EXPRESSION, ([, specifier = COMPUTED]) => ({ specifier, typesOnly: false })),
    ...collect(WORKER, ([, specifier = '']) => ({ specifier, typesOnly: false })),
  ].toSorted((a, b) => a.line - b.line)
}
