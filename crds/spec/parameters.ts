import * as z from 'zod'
import type { ParameterValue } from '../../search/search-method.ts'
import { plainRunSpec } from './run-spec.ts'

/** A value as people type it in YAML. */
export type Scalar = ParameterValue

const SWEEPABLE_SECTIONS = ['preset', 'model', 'data', 'views', 'references', 'loss', 'optimizer']
/** Fields that are scalars but make no sense as an axis. */
const UNSWEEPABLE_PATHS = new Set([
  'data.kind',
  'data.volume',
  'data.masks',
  'data.classes',
  'model.weights.volume',
])

const unwrapOptional = (schema: z.core.$ZodType): z.core.$ZodType =>
  schema instanceof z.ZodOptional ? unwrapOptional(schema.unwrap()) : schema

const isScalarSchema = (schema: z.core.$ZodType): boolean =>
  schema instanceof z.ZodNumber ||
  schema instanceof z.ZodEnum ||
  schema instanceof z.ZodBoolean ||
  schema instanceof z.ZodString

/** The description of a schema, which stands at any optional around it or at itself. */
const findDescription = (schema: z.core.$ZodType): string | undefined =>
  (schema as z.ZodType).description ??
  (schema instanceof z.ZodOptional ? findDescription(schema.unwrap()) : undefined)

function withDescription(inner: z.ZodType, schema: z.core.$ZodType): z.ZodType {
  const description = findDescription(schema)
  return inner.description === undefined && description !== undefined
    ? inner.describe(description)
    : inner
}

function* walkScalarFields(schema: z.core.$ZodType, path: string): Generator<[string, z.ZodType]> {
  const inner = unwrapOptional(schema)
  if (isScalarSchema(inner)) yield [path, withDescription(inner as z.ZodType, schema)]
  if (!(inner instanceof z.ZodObject)) return
  for (const [name, field] of Object.entries(inner.shape)) {
    yield* walkScalarFields(field as z.core.$ZodType, path === '' ? name : `${path}.${name}`)
  }
}

const isSweepable = (path: string): boolean =>
  SWEEPABLE_SECTIONS.includes(path.split('.')[0] ?? '') && !UNSWEEPABLE_PATHS.has(path)

/** Every parameter a sweep may vary, by its path in the run, with its own schema. */
export const PARAMETERS: ReadonlyMap<string, z.ZodType> = new Map(
  [...walkScalarFields(plainRunSpec, '')].filter(([path]) => isSweepable(path)),
)
export const PARAMETER_PATHS: readonly string[] = [...PARAMETERS.keys()]

/** Whether a parameter takes whole numbers only. */
export function isIntegerParameter(path: string): boolean {
  const schema = PARAMETERS.get(path)
  return schema instanceof z.ZodNumber && schema.isInt
}
