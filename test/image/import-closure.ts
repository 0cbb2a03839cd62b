import { readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'

/** What a program loads when it runs. */
export interface Closure {
  /** Files by their path in the repository. */
  readonly files: ReadonlySet<string>
  /** Packages by name, each with a file that imports it. */
  readonly packages: ReadonlyMap<string, string>
}

const IMPORTS = [
  // Imports of types alone are gone when the program runs.
  /^(?:import|export)\s+(?!type\b)[\w*{][^;'"()=]*?\s+from\s+'([^']+)'/gm,
  /^import\s+'([^']+)'/gm,
  /\bimport\('([^']+)'\)/g,
  /new URL\('(\.[^']+)', import\.meta\.url\)/g,
]

const listImportSpecifiers = (source: string): string[] =>
  IMPORTS.flatMap((pattern) => [...source.matchAll(pattern)].map(([, found = '']) => found))

/** `@scope/name/part` and `name/part` without the part. */
const toPackageName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

const loadedBy = async (root: string, path: string): Promise<string[]> =>
  path.endsWith('.ts') ? listImportSpecifiers(await readFile(join(root, path), 'utf8')) : []

const isPackage = (specifier: string): boolean =>
  !specifier.startsWith('.') && !specifier.startsWith('node:')

/**
 * Follows static imports, literal dynamic ones and relative URLs from an entry. Rejects where a
 * file is missing.
 */
export async function importClosure(root: string, entry: string): Promise<Closure> {
  const files = new Set([entry])
  const packages = new Map<string, string>()
  // A Set may grow while it is iterated.
  for (const path of files) {
    const specifiers = await loadedBy(root, path)
    for (const name of specifiers.filter(isPackage)) packages.set(toPackageName(name), path)
    for (const beside of specifiers.filter((specifier) => specifier.startsWith('.'))) {
      files.add(normalize(join(dirname(path), beside)))
    }
  }
  return { files, packages }
}
