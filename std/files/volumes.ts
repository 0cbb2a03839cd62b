import type { FileLocation, FileSource } from './file-source.ts'
import { folderFiles } from './folder-files.ts'

/** The files of each volume by its name; `''` is the default volume. */
export type Volumes = Readonly<Record<string, FileSource>>

/** Where settings say that a file or folder is. */
export interface FileReference {
  readonly volume?: string | undefined
  readonly path?: string | undefined
}

/** Opens volumes that are mounted as folders. */
export const openVolumes = (folders: Readonly<Record<string, string>>): Volumes =>
  Object.fromEntries(Object.entries(folders).map(([name, folder]) => [name, folderFiles(folder)]))

/** What a reference names, whether it exists or not; undefined where its volume is not mounted. */
export function locateFile(
  volumes: Volumes,
  { volume = '', path = '' }: FileReference,
): FileLocation | undefined {
  const files = volumes[volume]
  return files && { files, path }
}
