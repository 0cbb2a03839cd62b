import { access, chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import type { Mount } from './executor.ts'
import type { PlacedPod } from './field-reference.ts'
import { type KeyedObjects, type Resolved, resolved, unresolved } from './keyed-objects.ts'
import type { Container } from './pod-object.ts'
import { listVolumeFiles, type VolumeFile } from './volume-files.ts'

/** Folders on this machine by the names of a pod's volumes. */
export type VolumeFolders = ReadonlyMap<string, VolumeFolder>

interface VolumeFolder {
  readonly path: string
  /** Containers cannot write into files that the kubelet writes. */
  readonly readOnly: boolean
}

const GROUP_READS = 0o440

interface VolumeSources {
  readonly placed: PlacedPod
  readonly objects: KeyedObjects
  /** Where the volumes that belong to the pod alone are made. */
  readonly folder: string
}

/**
 * Makes the volumes of a pod. Not ok when one refers to what is not there yet; trying again is
 * harmless.
 */
export async function makeVolumes(sources: VolumeSources): Promise<Resolved<VolumeFolders>> {
  const folders = new Map<string, VolumeFolder>()
  for (const volume of sources.placed.pod.spec.volumes ?? []) {
    const made = await makeVolume(volume, sources)
    if (!made.ok)
      return unresolved(`MountVolume.SetUp failed for "${volume.name}": ${made.message}`)
    folders.set(volume.name, made.value)
  }
  return resolved(folders)
}

async function makeVolume(
  volume: V1Volume,
  { placed, objects, folder }: VolumeSources,
): Promise<Resolved<VolumeFolder>> {
  const own = join(folder, volume.name)
  const files = listVolumeFiles(volume, { placed, objects })
  if (files?.ok === false) return files
  if (files !== undefined) {
    await writeFiles(own, files.value, placed.pod.spec.securityContext?.fsGroup)
    return resolved({ path: own, readOnly: true })
  }
  if (volume.persistentVolumeClaim !== undefined) {
    return claimFolder(volume.persistentVolumeClaim, objects)
  }
  const path = volume.hostPath?.path ?? (volume.emptyDir === undefined ? undefined : own)
  if (path === undefined) return unresolved('the process kubelet has no volumes of this kind')
  await mkdir(path, { recursive: true })
  if (path === own) await chmod(path, 0o777)
  return resolved({ path, readOnly: false })
}

/** A claim's folder is made when it is missing, as container runtimes do. */
async function claimFolder(
  { claimName, readOnly = false }: { readonly claimName: string; readonly readOnly?: boolean },
  { claims }: KeyedObjects,
): Promise<Resolved<VolumeFolder>> {
  const claim = claims.get(claimName)
  if (claim === undefined) return unresolved(`persistentvolumeclaim "${claimName}" not found`)
  if (claim.kind === 'Unusable') return unresolved(claim.message)
  await mkdir(claim.path, { recursive: true })
  return resolved({ path: claim.path, readOnly })
}

/**
 * Files belong to the group that the pod asks for, if any, which may then read them whatever their
 * mode.
 */
async function writeFiles(
  folder: string,
  files: readonly VolumeFile[],
  group: number | undefined,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const { path, content, mode } of files) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    // A read-only file of an earlier try would make the write fail.
    await rm(file, { force: true })
    await writeFile(file, content)
    if (group !== undefined && process.getuid?.() === 0) await chown(file, 0, group)
    await chmod(file, group === undefined ? mode : mode | GROUP_READS)
  }
}

/**
 * The mounts of one container. A sub-path that is missing in a writable volume is made, as a
 * kubelet does.
 */
export async function containerMounts(
  { volumeMounts = [] }: Container,
  folders: VolumeFolders,
  expand: (text: string) => string,
): Promise<Resolved<readonly Mount[]>> {
  const mounts: Mount[] = []
  for (const mount of volumeMounts) {
    const folder = folders.get(mount.name)
    if (folder === undefined) return unresolved(`there is no volume ${mount.name}`)
    const subPath = resolveSubPath(mount, expand)
    const source = subPath === undefined ? folder.path : join(folder.path, subPath)
    if (subPath !== undefined && !folder.readOnly) await makeFolder(source)
    const readOnly = folder.readOnly || (mount.readOnly ?? false)
    mounts.push({ source, target: mount.mountPath, readOnly })
  }
  return resolved(mounts)
}

/** A sub-path may name a file that is there already. */
async function makeFolder(path: string): Promise<void> {
  try {
    await access(path)
  } catch {
    await mkdir(path, { recursive: true })
  }
}

const resolveSubPath = (
  { subPath, subPathExpr }: V1VolumeMount,
  expand: (text: string) => string,
): string | undefined => (subPathExpr === undefined ? subPath : expand(subPathExpr))
