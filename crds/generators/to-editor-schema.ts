import * as z from 'zod'
import { NeCoRun } from '../necorun.ts'
import { NeCoSweep } from '../necosweep.ts'
import type { JsonNode } from './to-crd.ts'

const toEditorJsonSchema = (schema: z.ZodType): JsonNode =>
  z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      for (const key of Object.keys(jsonSchema)) {
        if (key.startsWith('x-kubernetes')) delete (jsonSchema as JsonNode)[key]
      }
    },
  }) as JsonNode

/** One JSON schema for editors: a document is either kind. */
export const buildEditorSchema = (): JsonNode => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'NeCoRun or NeCoSweep',
  if: { properties: { kind: { const: 'NeCoSweep' } } },
  // biome-ignore lint/suspicious/noThenProperty: the word is JSON schema's
  then: toEditorJsonSchema(NeCoSweep),
  else: toEditorJsonSchema(NeCoRun),
})
