import type * as z from 'zod'

/** One cross-field rule, written twice: as the API server runs it and as we run it. */
export interface Rule<T> {
  readonly cel: string
  readonly holds: (value: T) => boolean
  readonly message: string
  /** The field to point at, relative to where the rule stands. */
  readonly field?: readonly string[]
}

/** A rule about a change: the old value is there as well (`oldSelf` in CEL). */
export interface TransitionRule<T> {
  readonly cel: string
  readonly holds: (value: T, old: T) => boolean
  readonly message: string
}

interface ServerRule {
  readonly rule: string
  readonly message: string
  readonly fieldPath?: string
}

const serverRule = <T>({ cel, message, field }: Rule<T>): ServerRule => ({
  rule: cel,
  message,
  ...(field === undefined ? {} : { fieldPath: `.${field.join('.')}` }),
})

/** Attaches rules to a schema twice: as refinements, and as the CEL validations of the CRD. */
export function withRules<S extends z.ZodType>(
  schema: S,
  rules: readonly Rule<z.output<S>>[],
  transitions: readonly TransitionRule<z.output<S>>[] = [],
): S {
  const refined = rules.reduce<S>(
    (current, { holds, message, field }) =>
      current.refine((value) => holds(value as z.output<S>), {
        error: message,
        ...(field === undefined ? {} : { path: [...field] }),
      }) as S,
    schema,
  )
  const validations = [
    ...rules.map(serverRule),
    ...transitions.map(({ cel, message }): ServerRule => ({ rule: cel, message })),
  ]
  return refined.meta({ ...schema.meta(), 'x-kubernetes-validations': validations }) as S
}

/** The CEL text that a field is as it was, absent or present. */
export const unchangedCel = (field: string): string =>
  `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`
