const DECIMAL_INTEGER = /^[1-9]\d*$/

/**
 * Orders two resourceVersions of one kind: negative where the first is older. Since Kubernetes 1.35
 * they are decimal integers of any length; undefined where one is not, since then their order is
 * unknown.
 */
export function compareResourceVersions(a: string, b: string): number | undefined {
  if (!DECIMAL_INTEGER.test(a) || !DECIMAL_INTEGER.test(b)) return undefined
  if (a.length !== b.length) return a.length - b.length
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Whether a version is known to be older than another. */
export const isOlderVersion = (a: string, b: string): boolean =>
  (compareResourceVersions(a, b) ?? 0) < 0

/** Whether a version is known to be older than another or the same. */
export const isSameOrOlderVersion = (a: string, b: string): boolean =>
  (compareResourceVersions(a, b) ?? 1) <= 0
