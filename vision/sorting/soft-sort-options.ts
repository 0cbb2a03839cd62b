import type { LossSettings } from '../../method/settings/loss.ts'

/** How similarities [M, R] become a loss; names and meanings as in the loss settings. */
export interface SoftSortOptions
  extends Pick<
    LossSettings,
    | 'network'
    | 'relaxation'
    | 'studentSteepness'
    | 'teacherSteepness'
    | 'direction'
    | 'reduction'
    | 'epsilon'
  > {
  /** Exponent of LogisticPhi; no other relaxation reads it. */
  readonly lambda: number
  /** Whether the kept columns are divided by their sum. */
  readonly renormalizeKept: boolean
  /** R, the references of a row. */
  readonly references: number
  /** K, the nearest ranks that enter the loss; 0 keeps all R. */
  readonly keptRanks: number
  /** Where the nearest reference ends: Last for similarities, First for distances. */
  readonly nearest: 'First' | 'Last'
  /** M values of 0 or 1: rows at 0 do not count. Absent: all rows count. */
  readonly rowMask?: ArrayLike<number>
}

/** The ranks [begin, end) that enter the loss. */
export function keptRankRange({
  references,
  keptRanks,
  nearest,
}: Pick<SoftSortOptions, 'references' | 'keptRanks' | 'nearest'>): {
  readonly begin: number
  readonly end: number
} {
  const kept = keptRanks === 0 ? references : Math.min(keptRanks, references)
  return nearest === 'First'
    ? { begin: 0, end: kept }
    : { begin: references - kept, end: references }
}

/** What each row's sum is multiplied by: 1, or 1 / (rows that count · R); 0 when none counts. */
export function lossScale(
  rows: number,
  { references, reduction, rowMask }: Pick<SoftSortOptions, 'references' | 'reduction' | 'rowMask'>,
): number {
  const counted = rowMask ? Array.from(rowMask).filter((kept) => kept !== 0).length : rows
  if (counted === 0) return 0
  return reduction === 'Sum' ? 1 : 1 / (counted * references)
}
