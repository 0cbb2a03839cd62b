import type { ObjectKey } from '../ports/objects.ts'

export const keyText = ({ namespace, name }: ObjectKey): string => `${namespace}/${name}`

export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf('/')
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) }
}
