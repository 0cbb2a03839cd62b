type Tree = Readonly<Record<string, unknown>>

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A copy of the tree with one value replaced. */
export function withValueAt<T>(tree: T, path: string, value: unknown): T {
  const [key = '', ...rest] = path.split('.')
  const node: Tree = isTree(tree) ? tree : {}
  const next = rest.length === 0 ? value : withValueAt(node[key] ?? {}, rest.join('.'), value)
  return { ...node, [key]: next } as T
}

/** The first tree with everything the second says laid over it; lists are replaced as a whole, undefined says nothing. */
export function overlay(under: unknown, over: unknown): unknown {
  if (over === undefined) return under
  if (!isTree(under) || !isTree(over)) return over
  const keys = new Set([...Object.keys(under), ...Object.keys(over)])
  return Object.fromEntries([...keys].map((key) => [key, overlay(under[key], over[key])]))
}
