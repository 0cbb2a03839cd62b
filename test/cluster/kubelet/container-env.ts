import type { V1EnvFromSource, V1EnvVar } from '@kubernetes/client-node'
import { fieldValue, type PlacedPod } from './field-reference.ts'
import {
  type KeyedObjects,
  lookUpKey,
  lookUpObject,
  type Resolved,
  resolved,
  unresolved,
} from './keyed-objects.ts'
import type { Container } from './pod-object.ts'

export type Environment = Readonly<Record<string, string>>

interface EnvironmentSources {
  readonly placed: PlacedPod
  readonly objects: KeyedObjects
  /** Variables of every container: `PATH`, the address of the API server. */
  readonly base: Environment
}

const REFERENCE = /\$\$|\$\(([^()$]+)\)/g

/**
 * Replaces `$(NAME)` by its value as a kubelet does: `$$` is one `$`, an unknown name stays as it
 * is.
 */
export const expandReferences = (text: string, values: Environment): string =>
  text.replace(REFERENCE, (match, name?: string) =>
    name === undefined ? '$' : (values[name] ?? match),
  )

/**
 * The environment of a container: base, then `envFrom`, then `env`, each able to refer to earlier
 * ones. Not ok when an object that it needs is missing.
 */
export function containerEnvironment(
  container: Container,
  sources: EnvironmentSources,
): Resolved<Environment> {
  let values: Environment = { ...sources.base, HOSTNAME: sources.placed.pod.metadata.name }
  for (const source of container.envFrom ?? []) {
    const whole = wholeObject(source, sources.objects)
    if (!whole.ok) return whole
    values = { ...values, ...whole.value }
  }
  for (const variable of container.env ?? []) {
    const value = variableValue(variable, values, sources)
    if (!value.ok) return value
    if (value.value !== undefined) values = { ...values, [variable.name]: value.value }
  }
  return resolved(values)
}

/** Every key of a ConfigMap or Secret as a variable. */
function wholeObject(source: V1EnvFromSource, objects: KeyedObjects): Resolved<Environment> {
  const { secretRef, configMapRef, prefix = '' } = source
  const { name = '', optional = false } = secretRef ?? configMapRef ?? {}
  const kind = secretRef === undefined ? 'configmap' : 'secret'
  const found = lookUpObject(objects, { kind, name, optional })
  if (!found.ok) return found
  const entries = [...(found.value ?? [])].map(([key, value]) => [prefix + key, value.toString()])
  return resolved(Object.fromEntries(entries))
}

function variableValue(
  { name, value, valueFrom }: V1EnvVar,
  earlier: Environment,
  { placed, objects }: EnvironmentSources,
): Resolved<string | undefined> {
  if (valueFrom === undefined) return resolved(expandReferences(value ?? '', earlier))
  const { fieldRef, secretKeyRef, configMapKeyRef } = valueFrom
  if (fieldRef !== undefined) {
    const field = fieldValue(fieldRef.fieldPath, placed)
    if (field !== undefined) return resolved(field)
    return unresolved(`unsupported fieldPath: ${fieldRef.fieldPath}`)
  }
  const reference = secretKeyRef ?? configMapKeyRef
  if (reference === undefined) {
    return unresolved(`the process kubelet cannot resolve the source of variable ${name}`)
  }
  const kind = secretKeyRef === undefined ? 'configmap' : 'secret'
  const found = lookUpKey(objects, { kind, name: '', optional: false, ...reference })
  return found.ok ? resolved(found.value?.toString()) : found
}
