import type { V1ConfigMap } from '@kubernetes/client-node'
import { readObject } from '../../kube/client/read-object.ts'
import type { FrozenPlacement } from '../../operator/cluster/jobs/frozen-placement.ts'
import { CONFIG_MAP_RESOURCE } from '../../operator/cluster/jobs/job-caches.ts'
import { parseFrozenPlacement } from '../../operator/cluster/jobs/run-config-map.ts'
import { RUN_RESOURCE } from '../../operator/cluster/kubernetes-objects.ts'
import type { StoredRun } from '../../operator/ports/objects.ts'
import { parseFilesFromLog } from '../../pod/reader/file-lines.ts'
import { buildCurveFileName, unpackCurve } from '../../pod/reader/read-curve.ts'
import { InputError } from '../input-error.ts'
import type { RunRecord, StudyResults } from '../report/study-results.ts'
import { studyObject } from '../report/study-title.ts'
import type { StudyArtifacts } from '../study-platform.ts'
import { buildReaderJob, buildReaderName } from './build-reader-job.ts'
import { findStudy } from './find-study.ts'
import type { Cluster } from './open-cluster.ts'
import { runJobAndReadLog } from './run-job-and-read-log.ts'
import { selectPlottedRuns } from './select-plotted-runs.ts'

interface RunPlacement {
  readonly run: StoredRun
  readonly placement: FrozenPlacement
}

/** The placement of the first run that has one; all runs of a study share one storage. */
async function findFirstRunPlacement(
  { api, namespace }: Cluster,
  runs: readonly RunRecord[],
): Promise<RunPlacement | undefined> {
  for (const { name } of runs) {
    const key = { namespace, name }
    const config = await readObject<V1ConfigMap>(api, CONFIG_MAP_RESOURCE, key)
    const placement = config === undefined ? undefined : parseFrozenPlacement(config)
    const run = placement && (await readObject<StoredRun>(api, RUN_RESOURCE, key))
    if (run !== undefined && placement !== undefined) return { run, placement }
  }
  return undefined
}

function parseArtifactsFromLog(log: string, runs: readonly RunRecord[]): StudyArtifacts {
  const files = parseFilesFromLog(log)
  const curves = runs.map(({ name, status }) => {
    const bytes = files.get(buildCurveFileName(status?.runKey ?? ''))
    return [name, bytes === undefined ? [] : unpackCurve(bytes)] as const
  })
  return { curves: new Map(curves), files }
}

const NO_ARTIFACTS: StudyArtifacts = { curves: new Map(), files: new Map() }

/**
 * Reads curves and files of a study by a short Job that mounts its storage. Throws InputError where
 * the Job cannot run. Empty for a study without results.
 */
export async function gatherByJob(
  cluster: Cluster,
  study: StudyResults,
  files: readonly string[],
): Promise<StudyArtifacts> {
  const runs = selectPlottedRuns(study).filter(({ status }) => status?.runKey !== undefined)
  if (runs.length === 0) return NO_ARTIFACTS
  const runPlacement = await findFirstRunPlacement(cluster, runs)
  if (runPlacement === undefined) {
    const { namespace } = cluster
    throw new InputError([
      `${study.name}: no run of it has a ConfigMap in namespace ${namespace} that says where its storage is, so its curves cannot be read`,
    ])
  }
  const request = {
    name: buildReaderName(study.name, cluster.random),
    owner: studyObject(await findStudy(cluster, study.name)),
    ...runPlacement,
    runKeys: [...new Set(runs.flatMap(({ status }) => status?.runKey ?? []))],
    files,
  }
  return parseArtifactsFromLog(await runJobAndReadLog(cluster, buildReaderJob(request)), runs)
}
