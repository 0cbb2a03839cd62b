import { createHash } from 'node:crypto'

const sortMembers = (value: object): [string, unknown][] =>
  Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))

/**
 * JSON with sorted keys, no white space, and numbers as their shortest decimals; members that are
 * undefined are left out. Throws on a number that is not finite.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new RangeError(`${value} has no canonical form`)
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = sortMembers(value).map(
    ([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`,
  )
  return `{${members.join(',')}}`
}

/** SHA-256 of bytes or text, 64 hex digits. */
export const sha256 = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex')

/** SHA-256 of the canonical JSON of a value. */
export const canonicalDigest = (value: unknown): string => sha256(canonicalJson(value))
