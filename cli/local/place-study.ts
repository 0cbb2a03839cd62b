import { runTransitions } from '../../crds/necorun.ts'
import { sweepTransitions } from '../../crds/necosweep.ts'
import { NUMERICS_VERSION } from '../../crds/run-config.ts'
import { conditionOf } from '../../operator/core/conditions.ts'
import type { StoredRun, StoredSweep } from '../../operator/ports/objects.ts'
import { InputError } from '../input-error.ts'
import type { Manifest } from '../manifest/read-manifest.ts'
import { studyKey } from '../manifest/run-order.ts'
import type { LocalHome } from './local-home.ts'

/** What the objects of a folder were made from; kept in the journal. */
interface Origin {
  readonly kind: Manifest['kind']
  readonly name: string
  readonly numericsVersion: number
  /** Digest of the files that the manifest names. */
  readonly inputs: string
}

const ORIGIN_KEY = 'origin'

/** How a study came to stand in the home. */
export type Placed = 'New' | 'Continued' | 'Complete' | 'Remade'

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const isWhole = (object: StoredRun | StoredSweep): boolean => {
  const ready = conditionOf(object.status?.conditions, 'Ready')
  return ready?.status === 'True' && ready.reason === 'Succeeded'
}

/** Ended in another way than success, or never accepted: started again it is tried again. */
const isSpoilt = (object: StoredRun | StoredSweep): boolean => {
  const conditions = object.status?.conditions
  const hasEnded = ['Complete', 'Failed', 'Stalled'].some(
    (type) => conditions?.find((condition) => condition.type === type)?.status === 'True',
  )
  return hasEnded && !isWhole(object)
}

/** Whether the stored object may live on under the spec of the manifest. */
function isSameStudy(manifest: Manifest, stored: StoredRun | StoredSweep): boolean {
  if (manifest.kind === 'NeCoRun') {
    const before = stored as StoredRun
    return runTransitions.every(({ holds }) => holds(manifest.run.spec, before.spec))
  }
  const before = stored as StoredSweep
  return sweepTransitions.every(({ holds }) => holds(manifest.sweep.spec, before.spec))
}

async function removeAll({ runs, sweeps }: LocalHome): Promise<void> {
  for (const { metadata } of await sweeps.list()) await sweeps.delete(metadata)
  for (const { metadata } of await runs.list()) await runs.delete(metadata)
}

const describes = ({ kind, name }: Origin): string => `${kind} ${name}`

/** The object that an earlier `neco` left, where it may live on under this manifest. */
function livingOn(
  manifest: Manifest,
  stored: StoredRun | StoredSweep | undefined,
): StoredRun | StoredSweep | undefined {
  if (stored === undefined || isSpoilt(stored)) return undefined
  return isSameStudy(manifest, stored) ? stored : undefined
}

/** Puts the study of a manifest into the home: as a new object, as the one that an earlier `neco` left, or anew where that one cannot live on. Throws InputError when the folder holds another study. */
export async function placeStudy(
  home: LocalHome,
  manifest: Manifest,
  { inputs, folder }: { readonly inputs: string; readonly folder: string },
): Promise<Placed> {
  const key = studyKey(manifest)
  const origin: Origin = {
    kind: manifest.kind,
    name: key.name,
    numericsVersion: NUMERICS_VERSION,
    inputs,
  }
  const earlier = home.journal.records.get(ORIGIN_KEY) as Origin | undefined
  if (earlier !== undefined && describes(earlier) !== describes(origin)) {
    throw new InputError([
      `${folder}: holds ${describes(earlier)}; give another folder with --out, or --fresh to start anew`,
    ])
  }
  const stored = await (manifest.kind === 'NeCoRun' ? home.runs.get(key) : home.sweeps.get(key))
  const living = same(earlier, origin) ? livingOn(manifest, stored) : undefined
  if (living === undefined) {
    await remake(home, manifest, origin)
    return stored === undefined ? 'New' : 'Remade'
  }
  if (isWhole(living)) return 'Complete'
  await updateSpec(home, manifest, living)
  return 'Continued'
}

async function remake(home: LocalHome, manifest: Manifest, origin: Origin): Promise<void> {
  await removeAll(home)
  await home.jobs.settled()
  await home.journal.put(ORIGIN_KEY, origin)
  if (manifest.kind === 'NeCoRun') await home.runs.create(manifest.run)
  else await home.sweeps.create(manifest.sweep)
}

/** Passes on what may change while a study lives, such as parallelism, suspend and failure budget. */
async function updateSpec(
  { runs, sweeps }: LocalHome,
  manifest: Manifest,
  { metadata }: StoredRun | StoredSweep,
): Promise<void> {
  const { resourceVersion } = metadata
  if (manifest.kind === 'NeCoRun') {
    await runs.writeSpec(metadata, manifest.run.spec, resourceVersion)
  } else await sweeps.writeSpec(metadata, manifest.sweep.spec, resourceVersion)
}
