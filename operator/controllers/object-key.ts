import type { ObjectKey } from '../ports/objects.ts'

export const formatObjectKey = ({ namespace, name }: ObjectKey): string => `${namespace}/${name}`

export function parseObjectKey(text: string): ObjectKey {
  const slash = text.indexOf('/')
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) }
}
