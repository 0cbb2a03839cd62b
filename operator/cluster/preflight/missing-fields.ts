type SchemaObject = Readonly<Record<string, unknown>>

const isSchemaObject = (value: unknown): value is SchemaObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const readChild = (node: unknown, key: string): unknown =>
  isSchemaObject(node) ? node[key] : undefined

interface SchemaVersion {
  readonly name: string
  readonly schema?: { readonly openAPIV3Schema?: unknown }
}
const listCrdVersions = (crd: unknown): readonly SchemaVersion[] =>
  (readChild(readChild(crd, 'spec'), 'versions') as readonly SchemaVersion[] | undefined) ?? []

/** Paths of all fields of ours that the other schema lacks, outermost only. */
function* walkMissingFields(ours: unknown, theirs: unknown, path: string): Generator<string> {
  for (const [name, field] of Object.entries(
    (readChild(ours, 'properties') as SchemaObject) ?? {},
  )) {
    const other = readChild(readChild(theirs, 'properties'), name)
    const inner = path === '' ? name : `${path}.${name}`
    if (other === undefined) yield inner
    else yield* walkMissingFields(field, other, inner)
  }
  const items = readChild(ours, 'items')
  if (items !== undefined) yield* walkMissingFields(items, readChild(theirs, 'items'), `${path}[]`)
}

/**
 * The fields of one CustomResourceDefinition that another has not, version by version, as paths.
 */
export const findMissingFields = (ours: unknown, theirs: unknown): readonly string[] =>
  listCrdVersions(ours).flatMap(({ name, schema }) => {
    const other = listCrdVersions(theirs).find((version) => version.name === name)
    return [...walkMissingFields(schema?.openAPIV3Schema, other?.schema?.openAPIV3Schema, '')]
  })
