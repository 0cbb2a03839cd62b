import type { Pod } from './pod-object.ts'

/** A pod with what the kubelet alone knows of it. */
export interface PlacedPod {
  readonly pod: Pod
  readonly podIp: string
  readonly hostIp: string
}

const KEYED = /^metadata\.(labels|annotations)\['(.+)'\]$/

/**
 * The value that a downward API field path names, or undefined when the path is none of those a
 * kubelet knows. A label that is not there is an empty text.
 */
export function fieldValue(fieldPath: string, placed: PlacedPod): string | undefined {
  const { metadata, spec } = placed.pod
  const keyed = KEYED.exec(fieldPath)
  if (keyed !== null) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? ''
  const values: Readonly<Record<string, string>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'metadata.labels': keyedLines(metadata.labels),
    'metadata.annotations': keyedLines(metadata.annotations),
    'spec.nodeName': spec.nodeName ?? '',
    'spec.serviceAccountName': spec.serviceAccountName ?? 'default',
    'status.podIP': placed.podIp,
    'status.podIPs': placed.podIp,
    'status.hostIP': placed.hostIp,
  }
  return values[fieldPath]
}

/** As a kubelet writes labels into a file: sorted, `key="value"` lines with the value quoted. */
const keyedLines = (values: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(values ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')
