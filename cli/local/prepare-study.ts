import { runTransitions } from '../../crds/necorun.ts'
import { sweepTransitions } from '../../crds/necosweep.ts'
import { NUMERICS_VERSION } from '../../method/result-settings.ts'
import { findCondition } from '../../operator/core/conditions.ts'
import type { StoredRun, StoredSweep } from '../../operator/ports/objects.ts'
import { InputError } from '../input-error.ts'
import type { Manifest } from '../manifest/read-manifest.ts'
import { toStudyKey } from '../manifest/run-options.ts'
import type { LocalPlatform } from './local-platform.ts'

/** The origin of the objects of a folder, stored in the journal. */
interface StudyOrigin {
  readonly kind: Manifest['kind']
  readonly name: string
  readonly numericsVersion: number
  /** Digest of the files that the manifest names. */
  readonly inputs: string
}

const ORIGIN_KEY = 'origin'

/** How the study of a manifest was stored. */
export type StudyStartState = 'New' | 'Continued' | 'Complete' | 'Remade'

const isSameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const hasStudySucceeded = (object: StoredRun | StoredSweep): boolean => {
  const ready = findCondition(object.status?.conditions, 'Ready')
  return ready?.status === 'True' && ready.reason === 'Succeeded'
}

/** Ended without success, or never accepted: the next `neco run` tries it again. */
const hasStudyFailed = (object: StoredRun | StoredSweep): boolean => {
  const conditions = object.status?.conditions
  const hasEnded = ['Complete', 'Failed', 'Stalled'].some(
    (type) => conditions?.find((condition) => condition.type === type)?.status === 'True',
  )
  return hasEnded && !hasStudySucceeded(object)
}

/** Whether the stored object can continue under the spec of the manifest. */
function isSameStudy(manifest: Manifest, stored: StoredRun | StoredSweep): boolean {
  if (manifest.kind === 'NeCoRun') {
    const before = stored as StoredRun
    return runTransitions.every(({ holds }) => holds(manifest.run.spec, before.spec))
  }
  const before = stored as StoredSweep
  return sweepTransitions.every(({ holds }) => holds(manifest.sweep.spec, before.spec))
}

async function deleteAllObjects({ runs, sweeps }: LocalPlatform): Promise<void> {
  for (const { metadata } of await sweeps.list()) await sweeps.delete(metadata)
  for (const { metadata } of await runs.list()) await runs.delete(metadata)
}

const describeOrigin = ({ kind, name }: StudyOrigin): string => `${kind} ${name}`

/** The object of an earlier `neco`, where it can continue under this manifest. */
function findContinuableStudy(
  manifest: Manifest,
  stored: StoredRun | StoredSweep | undefined,
): StoredRun | StoredSweep | undefined {
  if (stored === undefined || hasStudyFailed(stored)) return undefined
  return isSameStudy(manifest, stored) ? stored : undefined
}

/**
 * Stores the study of a manifest: as a new object, as that of an earlier `neco`, or again where
 * that one cannot continue. Throws InputError when the folder has another study.
 */
export async function prepareStudy(
  platform: LocalPlatform,
  manifest: Manifest,
  { inputs, folder }: { readonly inputs: string; readonly folder: string },
): Promise<StudyStartState> {
  const key = toStudyKey(manifest)
  const origin: StudyOrigin = {
    kind: manifest.kind,
    name: key.name,
    numericsVersion: NUMERICS_VERSION,
    inputs,
  }
  const earlier = platform.journal.records.get(ORIGIN_KEY) as StudyOrigin | undefined
  if (earlier !== undefined && describeOrigin(earlier) !== describeOrigin(origin)) {
    throw new InputError([
      `${folder}: holds ${describeOrigin(earlier)}; give another folder with --out, or --fresh to start over`,
    ])
  }
  const stored = await (manifest.kind === 'NeCoRun'
    ? platform.runs.get(key)
    : platform.sweeps.get(key))
  const continuable = isSameJson(earlier, origin)
    ? findContinuableStudy(manifest, stored)
    : undefined
  if (continuable === undefined) {
    await recreateStudy(platform, manifest, origin)
    return stored === undefined ? 'New' : 'Remade'
  }
  if (hasStudySucceeded(continuable)) return 'Complete'
  await updateSpec(platform, manifest, continuable)
  return 'Continued'
}

async function recreateStudy(
  platform: LocalPlatform,
  manifest: Manifest,
  origin: StudyOrigin,
): Promise<void> {
  await deleteAllObjects(platform)
  await platform.jobs.waitUntilSettled()
  await platform.journal.put(ORIGIN_KEY, origin)
  if (manifest.kind === 'NeCoRun') await platform.runs.create(manifest.run)
  else await platform.sweeps.create(manifest.sweep)
}

/** Applies the mutable fields of the manifest, such as parallelism, suspend and failure budget. */
async function updateSpec(
  { runs, sweeps }: LocalPlatform,
  manifest: Manifest,
  { metadata }: StoredRun | StoredSweep,
): Promise<void> {
  const { resourceVersion } = metadata
  if (manifest.kind === 'NeCoRun') {
    await runs.writeSpec(metadata, manifest.run.spec, resourceVersion)
  } else await sweeps.writeSpec(metadata, manifest.sweep.spec, resourceVersion)
}
