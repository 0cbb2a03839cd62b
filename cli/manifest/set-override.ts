import { type Document, isCollection, isMap, parse } from 'yaml'
import { explain } from '../../crds/explain.ts'
import { findNearestName } from '../../crds/nearest-name.ts'
import { InputError } from '../input-error.ts'

export type Key = string | number

/** A change of a manifest by a flag. */
export interface Override {
  /** As it was typed: `--set a.b=c`. */
  readonly flag: string
  /** Path of the value. */
  readonly keys: readonly Key[]
}

/** Splits `evaluations[0].at` into its keys. */
const parseFieldPath = (path: string): Key[] =>
  path
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key))

const listFieldsAt = (kind: string, path: string): readonly string[] => {
  const found = explain(path === '' ? kind : `${kind}.${path}`)
  return found.ok ? found.explanation.fields.map(({ name }) => name) : []
}

/**
 * Where a path starts: at the root, under spec, or under spec.run, whichever knows its first field.
 */
function toRootedKeys(kind: string, keys: readonly Key[]): readonly Key[] | undefined {
  const roots: readonly (readonly string[])[] = [[], ['spec'], ['spec', 'run']]
  const root = roots.find((prefix) =>
    listFieldsAt(kind, prefix.join('.')).includes(String(keys[0] ?? '')),
  )
  return root === undefined ? undefined : [...root, ...keys]
}

function buildUnknownFieldError(flag: string, kind: string, key: string): InputError {
  const known = ['', 'spec', 'spec.run'].flatMap((path) => listFieldsAt(kind, path))
  const nearest = findNearestName(key, known)
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
  return new InputError([`${flag}: unknown field ${key}${hint}`])
}

/** Why this key cannot be followed from this node; undefined when it can. */
function findPathBlocker(node: unknown, path: string, key: Key | undefined): string | undefined {
  if (!isCollection(node)) return `${path} holds no fields`
  if (isMap(node)) return typeof key === 'number' ? `${path} is no list` : undefined
  const isItem = typeof key === 'number' && key < node.items.length
  return isItem ? undefined : `${path} has items 0 to ${node.items.length - 1}`
}

/** Fails when the path goes through something that is no map or list, or past the end of a list. */
function checkOverridePath(document: Document, { flag, keys }: Override): void {
  for (let at = 1; at < keys.length; at++) {
    const node = document.getIn(keys.slice(0, at))
    if (node === undefined) return
    const reason = findPathBlocker(node, keys.slice(0, at).join('.'), keys[at])
    if (reason !== undefined) throw new InputError([`${flag}: ${reason}`])
  }
}

/** Puts the value of a flag into a manifest. Throws InputError where there is no such place. */
export function setField(document: Document, override: Override, value: unknown): void {
  checkOverridePath(document, override)
  document.setIn(override.keys, value)
}

/**
 * Applies one `--set a.b=c` to a manifest. The path may leave out `spec.` or `spec.run.`; the value
 * is read as YAML. Throws InputError that names the flag.
 */
export function setOverride(document: Document, text: string): Override {
  const split = text.indexOf('=')
  const flag = `--set ${text}`
  if (split < 1) throw new InputError([`${flag}: write it as path=value`])
  const typed = parseFieldPath(text.slice(0, split))
  const kind = String(document.get('kind'))
  const keys = toRootedKeys(kind, typed)
  if (keys === undefined) throw buildUnknownFieldError(flag, kind, String(typed[0]))
  const override = { flag, keys }
  setField(document, override, parseOverrideValue(flag, text.slice(split + 1)))
  return override
}

function parseOverrideValue(flag: string, value: string): unknown {
  try {
    return parse(value)
  } catch (cause) {
    throw new InputError([`${flag}: the value is not YAML`], { cause })
  }
}
