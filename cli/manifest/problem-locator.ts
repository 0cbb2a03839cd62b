import { type Document, isNode, type LineCounter } from 'yaml'
import type { FieldProblem } from '../../crds/parse-manifest.ts'
import type { Key, Override } from './set-override.ts'

/** A manifest as it is in a file, and what flags changed in it. */
export interface ManifestDocument {
  readonly file: string
  readonly document: Document
  readonly lines: LineCounter
  readonly overrides: readonly Override[]
}

type Keys = readonly Key[]

const splitProblemPath = (path: string): readonly string[] =>
  path.split(/[.[\]]+/).filter((key) => key !== '')
const isWithin = (inner: Keys, outer: Keys): boolean =>
  outer.every((key, at) => String(inner[at]) === String(key))

/** `:line:column` of a field, or of its nearest parent in the file. */
function formatPosition(keys: Keys, { document, lines }: ManifestDocument): string {
  for (let length = keys.length; length > 0; length--) {
    const node = document.getIn(keys.slice(0, length), true)
    if (isNode(node) && node.range) {
      const { line, col } = lines.linePos(node.range[0])
      return `:${line}:${col}`
    }
  }
  return ''
}

/**
 * The flags that cause a problem which the file alone does not have: those of the field, or else
 * all.
 */
function findRelatedOverrides(keys: Keys, overrides: readonly Override[]): readonly Override[] {
  const near = overrides.filter((override) => isWithin(override.keys, keys))
  return near.length > 0 ? near : overrides
}

/**
 * Builds a function that locates a problem: the flag with its value, or else file, line and column.
 * `own` are the problems of the file without flags.
 */
export function createProblemLocator(
  manifestDocument: ManifestDocument,
  originalProblems: readonly FieldProblem[],
): (problem: FieldProblem) => string {
  const { file, overrides } = manifestDocument
  const known = new Set(originalProblems.map(({ path, message }) => `${path}: ${message}`))
  return ({ path, message }) => {
    const keys = splitProblemPath(path)
    const set = overrides.findLast((override) => isWithin(keys, override.keys))
    if (set !== undefined) return set.flag
    if (overrides.length === 0 || known.has(`${path}: ${message}`)) {
      return `${file}${formatPosition(keys, manifestDocument)}`
    }
    return findRelatedOverrides(keys, overrides)
      .map(({ flag }) => flag)
      .join(' ')
  }
}
