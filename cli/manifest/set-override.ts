import { type Document, isCollection, isMap, parse } from 'yaml'
import { explain } from '../../crds/explain.ts'
import { nearestName } from '../../crds/nearest-name.ts'
import { InputError } from '../input-error.ts'

type Key = string | number

/** Splits `evaluations[0].at` into its keys. */
const keysOf = (path: string): Key[] =>
  path
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key))

const fieldsAt = (kind: string, path: string): readonly string[] => {
  const found = explain(path === '' ? kind : `${kind}.${path}`)
  return found.ok ? found.explanation.fields.map(({ name }) => name) : []
}

/** Where a path starts: at the root, under spec, or under spec.run, whichever knows its first field. */
function rootedKeys(kind: string, keys: readonly Key[]): readonly Key[] | undefined {
  const roots: readonly (readonly string[])[] = [[], ['spec'], ['spec', 'run']]
  const root = roots.find((prefix) =>
    fieldsAt(kind, prefix.join('.')).includes(String(keys[0] ?? '')),
  )
  return root === undefined ? undefined : [...root, ...keys]
}

function unknownStart(text: string, kind: string, key: string): InputError {
  const known = ['', 'spec', 'spec.run'].flatMap((path) => fieldsAt(kind, path))
  const nearest = nearestName(key, known)
  const meant = nearest === undefined ? '' : `; did you mean ${nearest}?`
  return new InputError([`--set ${text}: unknown field ${key}${meant}`])
}

/** Why a path cannot be followed from this node by this key, or nothing when it can. */
function obstacle(node: unknown, path: string, key: Key | undefined): string | undefined {
  if (!isCollection(node)) return `${path} holds no fields`
  if (isMap(node)) return typeof key === 'number' ? `${path} is no list` : undefined
  const isItem = typeof key === 'number' && key < node.items.length
  return isItem ? undefined : `${path} has items 0 to ${node.items.length - 1}`
}

/** Fails when the path goes through something that is no map or list, or past the end of a list. */
function checkWay(document: Document, keys: readonly Key[], text: string): void {
  for (let at = 1; at < keys.length; at++) {
    const node = document.getIn(keys.slice(0, at))
    if (node === undefined) return
    const reason = obstacle(node, keys.slice(0, at).join('.'), keys[at])
    if (reason !== undefined) throw new InputError([`--set ${text}: ${reason}`])
  }
}

/** Applies one `--set a.b=c` to a manifest. The path may leave out `spec.` or `spec.run.`; the value is read as YAML. */
export function setOverride(document: Document, text: string): void {
  const split = text.indexOf('=')
  if (split < 1) throw new InputError([`--set ${text}: write it as path=value`])
  const keys = keysOf(text.slice(0, split))
  const kind = String(document.get('kind'))
  const rooted = rootedKeys(kind, keys)
  if (rooted === undefined) throw unknownStart(text, kind, String(keys[0]))
  checkWay(document, rooted, text)
  document.setIn(rooted, valueFrom(text, text.slice(split + 1)))
}

function valueFrom(text: string, value: string): unknown {
  try {
    return parse(value)
  } catch (cause) {
    throw new InputError([`--set ${text}: the value is not YAML`], { cause })
  }
}
