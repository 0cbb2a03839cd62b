type SettingsTree = Readonly<Record<string, unknown>>

const isSettingsTree = (value: unknown): value is SettingsTree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A copy of the tree with one value replaced. */
export function withValueAt<T>(tree: T, path: string, value: unknown): T {
  const [key = '', ...rest] = path.split('.')
  const node: SettingsTree = isSettingsTree(tree) ? tree : {}
  const next = rest.length === 0 ? value : withValueAt(node[key] ?? {}, rest.join('.'), value)
  return { ...node, [key]: next } as T
}

/**
 * The first tree with everything the second says laid over it; lists are replaced as a whole,
 * undefined says nothing.
 */
export function mergeSettings(base: unknown, overrides: unknown): unknown {
  if (overrides === undefined) return base
  if (!isSettingsTree(base) || !isSettingsTree(overrides)) return overrides
  const keys = new Set([...Object.keys(base), ...Object.keys(overrides)])
  return Object.fromEntries([...keys].map((key) => [key, mergeSettings(base[key], overrides[key])]))
}
