import type * as z from 'zod'

/** One cross-field rule, written twice: as the API server runs it and as we run it. */
export interface Rule<T> {
  readonly cel: string
  readonly holds: (value: T) => boolean
  readonly message: string
  /** The field to point at, relative to where the rule stands. */
  readonly field?: readonly string[]
  /**
   * The same, where it depends on the value: CEL cannot say that, so the server points at `field`.
   */
  readonly locate?: (value: T) => readonly PropertyKey[]
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

const toServerRule = <T>({ cel, message, field }: Rule<T>): ServerRule => ({
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
    (current, { holds, message, field = [], locate = () => field }) =>
      current.superRefine((value, context) => {
        if (holds(value)) return
        context.addIssue({ code: 'custom', message, path: [...locate(value)] })
      }),
    schema,
  )
  const validations = [
    ...rules.map(toServerRule),
    ...transitions.map(({ cel, message }): ServerRule => ({ rule: cel, message })),
  ]
  return refined.meta({ ...schema.meta(), 'x-kubernetes-validations': validations }) as S
}

const buildImmutableCel = (field: string): string =>
  `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`

const isSameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/**
 * One rule a field: it is as it was, absent or present. `noun` is what to create instead, such
 * as `run`.
 */
export const buildImmutableFieldRules = <T extends object>(
  fields: readonly string[],
  noun: string,
): TransitionRule<T>[] =>
  fields.map((field) => ({
    cel: buildImmutableCel(field),
    holds: (value, old) => isSameJson(value[field as keyof T], old[field as keyof T]),
    message: `${field} cannot change while the ${noun} lives: make a new ${noun}`,
  }))
