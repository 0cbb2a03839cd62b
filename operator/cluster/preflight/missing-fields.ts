type Node = Readonly<Record<string, unknown>>

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const child = (node: unknown, key: string): unknown => (isNode(node) ? node[key] : undefined)

interface Version {
  readonly name: string
  readonly schema?: { readonly openAPIV3Schema?: unknown }
}
const versionsOf = (crd: unknown): readonly Version[] =>
  (child(child(crd, 'spec'), 'versions') as readonly Version[] | undefined) ?? []

/** Paths of all fields of ours that the other schema lacks, outermost only. */
function* lacking(ours: unknown, theirs: unknown, path: string): Generator<string> {
  for (const [name, field] of Object.entries((child(ours, 'properties') as Node) ?? {})) {
    const other = child(child(theirs, 'properties'), name)
    const inner = path === '' ? name : `${path}.${name}`
    if (other === undefined) yield inner
    else yield* lacking(field, other, inner)
  }
  const items = child(ours, 'items')
  if (items !== undefined) yield* lacking(items, child(theirs, 'items'), `${path}[]`)
}

/** The fields of one CustomResourceDefinition that another has not, version by version, as paths. */
export const missingFields = (ours: unknown, theirs: unknown): readonly string[] =>
  versionsOf(ours).flatMap(({ name, schema }) => {
    const other = versionsOf(theirs).find((version) => version.name === name)
    return [...lacking(schema?.openAPIV3Schema, other?.schema?.openAPIV3Schema, '')]
  })
