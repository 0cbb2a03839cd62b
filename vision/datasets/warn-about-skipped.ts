import type { Dataset } from './dataset.ts'

type Warn = (message: string, data: Readonly<Record<string, unknown>>) => void

/**
 * Warns of the files of a data set that are no images: how many, then each with its reason. `field`
 * is the data set in the run.
 */
export function warnAboutSkipped(
  field: string,
  { size, skipped }: Pick<Dataset, 'size' | 'skipped'>,
  warn: Warn,
): void {
  if (skipped.length === 0) return
  const files =
    skipped.length === 1 ? '1 file that is no image' : `${skipped.length} files that are no images`
  warn(`${field}: left out ${files}; ${size} ${size === 1 ? 'image is' : 'images are'} used`, {})
  for (const { file, why } of skipped) warn('left out', { file, why })
}
