import * as z from 'zod'
import { plainRunSpec } from './run-spec.ts'

/** A value as people type it in YAML. */
export type Scalar = string | number | boolean

const SWEPT_SECTIONS = ['preset', 'model', 'data', 'views', 'references', 'loss', 'optimizer']
/** Fields that are scalars but make no sense as an axis. */
const FIXED = new Set([
  'data.kind',
  'data.volume',
  'data.masks',
  'data.classes',
  'model.weights.volume',
])

const unwrap = (schema: z.core.$ZodType): z.core.$ZodType =>
  schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema

const isScalar = (schema: z.core.$ZodType): boolean =>
  schema instanceof z.ZodNumber ||
  schema instanceof z.ZodEnum ||
  schema instanceof z.ZodBoolean ||
  schema instanceof z.ZodString

/** The schema of a scalar with what is said of it, which stands at the optional around it or at itself. */
function described(inner: z.ZodType, { description }: z.ZodType): z.ZodType {
  return inner.description === undefined && description !== undefined
    ? inner.describe(description)
    : inner
}

function* leaves(schema: z.core.$ZodType, path: string): Generator<[string, z.ZodType]> {
  const inner = unwrap(schema)
  if (isScalar(inner)) yield [path, described(inner as z.ZodType, schema as z.ZodType)]
  if (!(inner instanceof z.ZodObject)) return
  for (const [name, field] of Object.entries(inner.shape)) {
    yield* leaves(field as z.core.$ZodType, path === '' ? name : `${path}.${name}`)
  }
}

const swept = (path: string): boolean =>
  SWEPT_SECTIONS.includes(path.split('.')[0] ?? '') && !FIXED.has(path)

/** Every parameter a sweep may vary, by its path in the run, with its own schema. */
export const PARAMETERS: ReadonlyMap<string, z.ZodType> = new Map(
  [...leaves(plainRunSpec, '')].filter(([path]) => swept(path)),
)
export const PARAMETER_PATHS: readonly string[] = [...PARAMETERS.keys()]

/** Whether a parameter takes whole numbers only. */
export function isInteger(path: string): boolean {
  const schema = PARAMETERS.get(path)
  return schema instanceof z.ZodNumber && schema.isInt
}
