import { referenceCount } from '../../method/reference-count.ts'
import type { ReferencesSettings } from '../../method/settings/references.ts'

/** Random orders of 0 … length − 1, one after the other. Recorded ones can take its place. */
export type DrawPermutation = (length: number) => ArrayLike<number>

/** The aligned rows of one crop pair: image b has the rows b·cells … (b + 1)·cells − 1. */
export interface PairRows {
  readonly images: number
  readonly cells: number
  /** 1 for rows that may be references; all when left out. */
  readonly mask?: ArrayLike<number> | undefined
}

/**
 * References from the rows of a pair, [B · R] indices image by image; undefined when no row may be
 * one. Inter is the draw of the released program: one random order of all rows, tiled where they
 * are too few, dealt out to the images (docs/method.md §1.6). StudentFraction takes one common set.
 * InterStrict leaves the rows of the own image out; Intra takes no others.
 */
export function drawPairReferences(
  rows: PairRows,
  settings: Pick<ReferencesSettings, 'source' | 'count' | 'fraction' | 'neighbors'>,
  draw: DrawPermutation,
): Int32Array | undefined {
  const count = referenceCount(settings, rows)
  const allowed = Array.from({ length: rows.images * rows.cells }, (_, row) => row).filter(
    (row) => rows.mask === undefined || rows.mask[row] === 1,
  )
  if (settings.neighbors === 'Inter') {
    if (settings.source === 'TeacherBatch') return takeShuffled(allowed, rows.images * count, draw)
    const common = takeShuffled(allowed, count, draw)
    return common && tileRows(common, rows.images)
  }
  const isOwn = settings.neighbors === 'Intra'
  const byImage = Array.from({ length: rows.images }, (_, image) => {
    const pool = allowed.filter((row) => (Math.floor(row / rows.cells) === image) === isOwn)
    return takeShuffled(pool, count, draw)
  })
  if (byImage.some((part) => part === undefined)) return undefined
  return Int32Array.from(byImage.flatMap((part) => [...(part ?? [])]))
}

/**
 * References from a queue of which the first `entries` rows are filled: a random order of its whole
 * length, modulo the entries.
 */
export function drawQueueReferences(
  { length, entries }: { readonly length: number; readonly entries: number },
  count: number,
  draw: DrawPermutation,
): Int32Array {
  const order = draw(Math.max(length, count))
  return Int32Array.from({ length: count }, (_, i) => (order[i] ?? 0) % entries)
}

/** `count` of the rows of a pool in random order; a pool that is too small is tiled first. */
function takeShuffled(
  pool: readonly number[],
  count: number,
  draw: DrawPermutation,
): Int32Array | undefined {
  if (pool.length === 0) return undefined
  const order = draw(Math.max(pool.length, count))
  return Int32Array.from({ length: count }, (_, i) => pool[(order[i] ?? 0) % pool.length] ?? 0)
}

function tileRows(values: Int32Array, times: number): Int32Array {
  return Int32Array.from(
    { length: values.length * times },
    (_, i) => values[i % values.length] ?? 0,
  )
}
