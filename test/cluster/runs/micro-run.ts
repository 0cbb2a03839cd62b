import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseManifestText } from '../../../cli/manifest/read-manifest.ts'
import { API_GROUP_VERSION, RUN_KIND } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import { REDUCED_SETTINGS } from '../../programs/run-example.ts'

const file = join(import.meta.dirname, '../../../examples/sweep-steepness.yaml')

/** A run of the example's study on a micro model, of so many steps. */
export async function buildMicroRun(name: string, steps: number): Promise<NeCoRun> {
  const text = await readFile(file, 'utf8')
  const overrides = [...REDUCED_SETTINGS, `optimizer.steps=${steps}`]
  const manifest = parseManifestText({ file, text, overrides })
  if (manifest.kind !== 'NeCoSweep') throw new Error(`${file} holds no sweep`)
  const { run } = manifest.sweep.spec
  return { apiVersion: API_GROUP_VERSION, kind: RUN_KIND, metadata: { name }, spec: run }
}
