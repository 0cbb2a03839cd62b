/** A pattern of Docker: ** crosses folders, * does not, and both take names that begin with a dot. */
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

/** Whether a file goes to the builder, by the lines of a .dockerignore: the last one that matches it or a folder above it decides. */
export function isInContext(ignore: string, path: string): boolean {
  const lines = ignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const parts = withParents(path)
  const deciding = lines.findLast((line) =>
    parts.some((part) => parseIgnorePattern(line).test(part)),
  )
  return deciding === undefined || deciding.startsWith('!')
}
