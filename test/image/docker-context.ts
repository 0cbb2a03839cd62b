/**
 * A pattern of Docker: ** crosses folders, * does not, and both match names that begin with a dot.
 */
function parseIgnorePattern(line: string): RegExp {
  const source = line
    .replace(/^!/, '')
    .replaceAll(/[.+^$()|[\]{}]/g, (character) => `\\${character}`)
    .replaceAll('**/', '\0')
    .replaceAll('*', '[^/]*')
    .replaceAll('\0', '(?:.*/)?')
  return new RegExp(`^${source}$`)
}

/** A path and every folder above it. */
const withParents = (path: string): string[] =>
  path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))

/**
 * Whether a file is in the build context, by the last line of a .dockerignore that matches it or a
 * folder above it.
 */
export function isInContext(ignore: string, path: string): boolean {
  const lines = ignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const parts = withParents(path)
  const deciding = lines.findLast((line) =>
    parts.some((part) => parseIgnorePattern(line).test(part)),
  )
  return deciding === undefined || deciding.startsWith('!')
}
