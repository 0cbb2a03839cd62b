import type { ReferencesSettings } from './settings/references.ts'

type CountSettings = Pick<ReferencesSettings, 'source' | 'count' | 'fraction'>

interface AlignedRows {
  readonly images: number
  /** Aligned patches of one image for one pair of crops. */
  readonly cells: number
}

/**
 * R, the references that each patch ranks: `count`, or ⌊fraction·images·cells⌋ for StudentFraction
 * (docs/method.md §1.6). 0 where the settings give neither, which settingsProblems refuses.
 */
export function referenceCount(
  { source, count = 0, fraction = 0 }: CountSettings,
  { images, cells }: AlignedRows,
): number {
  return source === 'StudentFraction' ? Math.floor(fraction * images * cells) : count
}
