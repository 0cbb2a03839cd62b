import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

const isProgram = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  )

/** The first program of that name in the folders, or on PATH. */
export async function findOnPath(
  name: string,
  folders: readonly string[] = (process.env['PATH'] ?? '').split(delimiter),
): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, name)
    if (folder !== '' && (await isProgram(path))) return path
  }
  return undefined
}
