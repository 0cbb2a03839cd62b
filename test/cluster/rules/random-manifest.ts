import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { NeCoSweep } from '../../../crds/necosweep.ts'
import { mutate } from './mutate.ts'
import { perturbSpec } from './perturbations.ts'
import { specSchema } from './rule-implementations.ts'
import { createSeededDraws } from './seeded-draws.ts'

export type Manifest = NeCoRun | NeCoSweep

const examples = join(import.meta.dirname, '..', '..', '..', 'examples')

/** Valid manifests, from which the random ones are derived. */
export const BASES: readonly Manifest[] = [
  'run.yaml',
  'sweep-steepness.yaml',
  'sweep-batch-size.yaml',
  'sweep-neighbors.yaml',
  'paper/sweep-neighbors.yaml',
].map((file) => parse(readFileSync(join(examples, file), 'utf8')) as Manifest)

const MOST_CHANGES = 4
const PERTURBED_SHARE = 0.55
const LONG_NAME = 0.03

/** The manifest of a seed: one of the bases with some random changes, its structure valid. */
export function randomManifest(seed: number, name: string): Manifest {
  const draw = createSeededDraws(seed)
  const base = draw.pick(BASES)
  const schema = specSchema(base.kind)
  let spec: unknown = base.spec
  const changes = Math.floor(draw.number() * (MOST_CHANGES + 1))
  for (let i = 0; i < changes; i++) spec = mutate(spec, schema, draw)
  if (draw.chance(PERTURBED_SHARE)) spec = perturbSpec(base.kind, spec, draw)
  const fullName = draw.chance(LONG_NAME) ? name.padEnd(55, 'x') : name
  return { ...base, metadata: { name: fullName }, spec } as Manifest
}

/** The manifest after a random edit of a seed. */
export function editedManifest(manifest: Manifest, seed: number): Manifest {
  const draw = createSeededDraws(seed)
  const edited = mutate(manifest.spec, specSchema(manifest.kind), draw)
  return { ...manifest, spec: edited } as Manifest
}
