import type {
  V1DownwardAPIVolumeFile,
  V1KeyToPath,
  V1Volume,
  V1VolumeProjection,
} from '@kubernetes/client-node'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { fieldValue, type PlacedPod } from './field-reference.ts'
import {
  type KeyedObjects,
  type KeyReference,
  lookUpObject,
  type Resolved,
  resolved,
  unresolved,
} from './keyed-objects.ts'

/** A file of a volume that the kubelet writes itself. */
export interface VolumeFile {
  readonly path: string
  readonly content: Buffer
  /** Permission bits, such as 0o644. */
  readonly mode: number
}

type VolumeFilesResult = Resolved<readonly VolumeFile[]>

interface FileSources {
  readonly placed: PlacedPod
  readonly objects: KeyedObjects
}

interface KeyedSource extends Omit<KeyReference, 'key'> {
  readonly items: readonly V1KeyToPath[] | undefined
  readonly defaultMode: number
}

const DEFAULT_MODE = 0o644

/**
 * The files of a configMap, secret, downwardAPI or projected volume; undefined for a volume of
 * another kind. Not ok when an object or key that it needs is missing.
 */
export function listVolumeFiles(
  volume: V1Volume,
  sources: FileSources,
): VolumeFilesResult | undefined {
  const { projected } = volume
  if (projected === undefined) return listSourceFiles(volume, { ...sources, volume: volume.name })
  const all: VolumeFile[] = []
  for (const part of projected.sources ?? []) {
    const files = listSourceFiles(asVolume(part, projected.defaultMode), {
      ...sources,
      volume: volume.name,
    })
    if (files?.ok === false) return files
    all.push(...(files?.value ?? []))
  }
  return resolved(all)
}

type VolumeFileSource = Pick<V1Volume, 'configMap' | 'secret' | 'downwardAPI'> &
  Pick<V1VolumeProjection, 'serviceAccountToken'>

/** A part of a projected volume in the form of a volume of its own. */
function asVolume(part: V1VolumeProjection, defaultMode = DEFAULT_MODE): VolumeFileSource {
  const { configMap, secret, downwardAPI, serviceAccountToken } = part
  if (configMap !== undefined) return { configMap: { ...configMap, defaultMode } }
  if (secret !== undefined) {
    const { name, ...rest } = secret
    return { secret: { ...rest, ...omitUndefined({ secretName: name }), defaultMode } }
  }
  if (downwardAPI !== undefined) return { downwardAPI: { ...downwardAPI, defaultMode } }
  return serviceAccountToken === undefined ? {} : { serviceAccountToken }
}

function listSourceFiles(
  source: VolumeFileSource,
  { placed, objects, volume }: FileSources & { readonly volume: string },
): VolumeFilesResult | undefined {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source
  if (configMap !== undefined) {
    const { name = '', optional = false, items, defaultMode = DEFAULT_MODE } = configMap
    return keyedFiles(objects, { kind: 'configmap', name, optional, items, defaultMode })
  }
  if (secret !== undefined) {
    const { secretName: name = '', optional = false, items, defaultMode = DEFAULT_MODE } = secret
    return keyedFiles(objects, { kind: 'secret', name, optional, items, defaultMode })
  }
  if (downwardAPI !== undefined) {
    return fieldFiles(downwardAPI.items ?? [], placed, downwardAPI.defaultMode ?? DEFAULT_MODE)
  }
  if (serviceAccountToken === undefined) return undefined
  const token = objects.tokens.get(`${volume}/${serviceAccountToken.path}`)
  if (token === undefined) return unresolved('no token of the service account could be had')
  return resolved([{ path: serviceAccountToken.path, content: Buffer.from(token), mode: 0o644 }])
}

function keyedFiles(objects: KeyedObjects, source: KeyedSource): VolumeFilesResult {
  const found = lookUpObject(objects, source)
  if (!found.ok) return found
  const data = found.value ?? new Map<string, Buffer>()
  const items: readonly V1KeyToPath[] =
    source.items ?? [...data.keys()].map((key) => ({ key, path: key }))
  const files: VolumeFile[] = []
  for (const { key, path, mode = source.defaultMode } of items) {
    const content = data.get(key)
    if (content !== undefined) files.push({ path, content, mode })
    else if (!source.optional) return unresolved(`references non-existent config key: ${key}`)
  }
  return resolved(files)
}

function fieldFiles(
  items: readonly V1DownwardAPIVolumeFile[],
  placed: PlacedPod,
  defaultMode: number,
): VolumeFilesResult {
  const files: VolumeFile[] = []
  for (const { path, fieldRef, mode = defaultMode } of items) {
    const value = fieldRef === undefined ? undefined : fieldValue(fieldRef.fieldPath, placed)
    if (value === undefined) return unresolved(`${path}: the field has no value`)
    files.push({ path, content: Buffer.from(value), mode })
  }
  return resolved(files)
}
