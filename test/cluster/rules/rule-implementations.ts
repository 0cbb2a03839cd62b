import { buildCrd, type JsonNode, KINDS } from '../../../crds/generators/to-crd.ts'
import { SWEEP_KIND } from '../../../crds/names.ts'
import { type NeCoRun, runTransitions } from '../../../crds/necorun.ts'
import { type NeCoSweep, sweepTransitions } from '../../../crds/necosweep.ts'
import { parseManifest } from '../../../crds/parse-manifest.ts'

/** The problems of an object by the TypeScript rules: messages without paths. */
export function listValidationErrors(object: unknown): readonly string[] {
  const parsed = parseManifest(object)
  return parsed.ok ? [] : parsed.problems.map(({ message }) => message)
}

/** The problems of an edit by the TypeScript rules. */
export function listTransitionErrors(
  next: NeCoRun | NeCoSweep,
  old: NeCoRun | NeCoSweep,
): readonly string[] {
  const rules = next.kind === SWEEP_KIND ? sweepTransitions : runTransitions
  return rules
    .filter(({ holds }) => !holds(next.spec as never, old.spec as never))
    .map(({ message }) => message)
}

interface ServerRule {
  readonly message: string
}

function* listSchemaRuleMessages(node: unknown): Generator<string> {
  if (typeof node !== 'object' || node === null) return
  const rules = (node as JsonNode)['x-kubernetes-validations'] as ServerRule[] | undefined
  for (const { message } of rules ?? []) yield message
  for (const child of Object.values(node)) yield* listSchemaRuleMessages(child)
}

/** The message of every CEL rule in the CRDs. */
export const RULE_MESSAGES: ReadonlySet<string> = new Set(
  KINDS.flatMap((kind) => [...listSchemaRuleMessages(buildCrd(kind))]),
)

/** The schema of the spec of a kind, as the CRD has it. */
export function specSchema(kindName: string): JsonNode {
  const kind = KINDS.find((one) => one.kind === kindName)
  if (kind === undefined) throw new Error(`no kind ${kindName}`)
  const crd = buildCrd(kind) as unknown as {
    spec: { versions: [{ schema: { openAPIV3Schema: { properties: { spec: JsonNode } } } }] }
  }
  return crd.spec.versions[0].schema.openAPIV3Schema.properties.spec
}
