import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/**
 * The folder of a Go module in the module cache, downloaded where it is missing. Throws with the
 * output of go.
 */
export async function findGoModuleFolder(module: string): Promise<string> {
  const args = ['mod', 'download', '-json', module]
  const { stdout } = await promisify(execFile)('go', args, { maxBuffer: 2 ** 24 })
  return (JSON.parse(stdout) as { Dir: string }).Dir
}
