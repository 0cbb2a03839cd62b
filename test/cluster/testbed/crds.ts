import { join } from 'node:path'
import type { Kubectl } from './kubectl.ts'

const generated = join(import.meta.dirname, '..', '..', '..', 'crds', 'generated')

const CRD_FILES = ['necoruns', 'necosweeps'].map((name) => join(generated, `${name}.yaml`))

/** Applies our kinds as a user would, and waits until the server serves them. Throws with what kubectl said. */
export async function applyCrds(kubectl: Kubectl): Promise<void> {
  const files = CRD_FILES.flatMap((path) => ['-f', path])
  await kubectl.ok(['apply', ...files])
  await kubectl.ok(['wait', '--for=condition=Established', '--timeout=60s', ...files])
}
