const NUMERIC = /^[1-9]\d*$/

/**
 * Orders two resourceVersions of one kind: negative where the first is older. Since Kubernetes 1.35 they are decimal
 * integers of any length; undefined where one is not, since then their order is unknown.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (!NUMERIC.test(a) || !NUMERIC.test(b)) return undefined
  if (a.length !== b.length) return a.length - b.length
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Whether a version is known to be older than another. */
export const isOlder = (a: string, b: string): boolean => (compareVersions(a, b) ?? 0) < 0

/** Whether a version is known to be older than another or the same. */
export const isNotNewer = (a: string, b: string): boolean => (compareVersions(a, b) ?? 1) <= 0
