/** Pixels of the validation masks with this label do not count, as in Pascal VOC. */
export const IGNORE_LABEL = 255

/**
 * A mask of the memory, where pixels that belong to no class count as class 0, as in the reference
 * implementations (docs/method.md §4.2).
 */
export const ignoredToBackground = (mask: Uint8Array, ignoreLabel: number): Uint8Array =>
  mask.map((label) => (label === ignoreLabel ? 0 : label))
