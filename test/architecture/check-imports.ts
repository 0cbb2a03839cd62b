import { dirname, join, normalize } from 'node:path'
import { findCycles } from './find-cycles.ts'
import { COMPUTED, type Import, parseImports } from './parse-imports.ts'

/**
 * What the files of a folder may import, beside each other. Entries are `folder/`, `folder/*.ts`
 * (not its subfolders), a file, a package, or `node:`; `type ` before an entry admits only types.
 */
export type ImportRules = Readonly<Record<string, readonly string[]>>

/** Source texts by path in the repository. */
export type Sources = ReadonlyMap<string, string>

/** An import with where it leads: a path in the repository, or a package or module of Node. */
interface Resolved extends Import {
  readonly from: string
  readonly target: string
}

const isTest = (path: string): boolean => path.startsWith('test/') || path.endsWith('.test.ts')

function resolveImports(from: string, source: string): Resolved[] {
  return parseImports(source).map((found) => ({
    ...found,
    from,
    target: found.specifier.startsWith('.')
      ? normalize(join(dirname(from), found.specifier))
      : found.specifier,
  }))
}

const isDirectlyIn = (path: string, folder: string): boolean =>
  path.startsWith(folder) && !path.slice(folder.length).includes('/')

/** Whether a path or package falls under an entry of a rule. */
function matches(entry: string, target: string): boolean {
  if (entry.endsWith('*.ts')) return isDirectlyIn(target, entry.slice(0, -'*.ts'.length))
  if (entry.endsWith('/') || entry === 'node:') return target.startsWith(entry)
  return target === entry || target.startsWith(`${entry}/`)
}

const admits = (entry: string, { target, typesOnly }: Resolved): boolean =>
  entry.startsWith('type ') ? typesOnly && matches(entry.slice(5), target) : matches(entry, target)

/** The key of the most specific rule that a file falls under. */
const findRule = (rules: ImportRules, path: string): string | undefined =>
  Object.keys(rules)
    .filter((key) => matches(key, path))
    .toSorted((a, b) => b.length - a.length)[0]

function explainRefusal(rules: ImportRules, found: Resolved): string | undefined {
  const place = `${found.from}:${found.line} imports ${found.typesOnly ? 'types of ' : ''}${found.target}`
  if (isTest(found.from)) return undefined
  if (found.target === COMPUTED) return `${place}: an import must be a literal`
  if (found.target.endsWith('.test.ts')) return `${place}: a test is imported by nothing`
  const key = findRule(rules, found.from)
  if (key === undefined) return `${found.from}: no rule says what this folder may import`
  if ([key, ...(rules[key] ?? [])].some((entry) => admits(entry, found))) return undefined
  return `${place}: ${key} may import only ${rules[key]?.join(', ') || 'itself'}`
}

/** Every import that the rules refuse, as `file:line imports target: rule`. Tests are free. */
export function findRefusedImports(rules: ImportRules, sources: Sources): string[] {
  return [...sources]
    .flatMap(([path, source]) => resolveImports(path, source))
    .flatMap((found) => explainRefusal(rules, found) ?? [])
}

/** Every circle of imports, those of types included, as `a.ts:1 → b.ts:2 → a.ts`. */
export function findCircularImports(sources: Sources): string[] {
  const imports = new Map(
    [...sources].map(([path, source]) => [path, resolveImports(path, source)] as const),
  )
  const graph = new Map(
    [...imports].map(([path, found]) => [path, found.map(({ target }) => target)] as const),
  )
  return findCycles(graph).map((cycle) => {
    const steps = cycle.map((path, index) => {
      const next = cycle[index + 1] ?? cycle[0]
      return `${path}:${imports.get(path)?.find(({ target }) => target === next)?.line}`
    })
    return [...steps, cycle[0]].join(' → ')
  })
}

/** Entries of the rules that name a file or folder of the repository that is not there. */
export function findStaleRules(rules: ImportRules, paths: readonly string[]): string[] {
  const named = Object.entries(rules).flatMap(([key, entries]) => [key, ...entries])
  const inRepository = named
    .map((entry) => entry.replace(/^type /, ''))
    .filter((entry) => entry.endsWith('/') || entry.endsWith('.ts'))
  return [...new Set(inRepository)].filter((entry) => !paths.some((path) => matches(entry, path)))
}
