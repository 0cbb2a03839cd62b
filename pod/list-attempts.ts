import type { FileSource } from '../std/files/file-source.ts'
import { attemptsFolder } from './storage-layout.ts'

/** The folders of all attempts at a run, in the order of names. Throws StorageError. */
export async function listAttempts(files: FileSource, runKey: string): Promise<readonly string[]> {
  const names = await files.list(attemptsFolder(runKey))
  return names.map((name) => `${attemptsFolder(runKey)}/${name}`)
}
