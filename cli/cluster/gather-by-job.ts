import type { V1ConfigMap } from '@kubernetes/client-node'
import type { FrozenPlacement } from '../../operator/cluster/jobs/frozen-placement.ts'
import { CONFIG_MAP_RESOURCE } from '../../operator/cluster/jobs/job-kinds.ts'
import { readObject } from '../../operator/cluster/jobs/read-object.ts'
import { placementIn } from '../../operator/cluster/jobs/run-config-map.ts'
import { RUN_RESOURCE } from '../../operator/cluster/kubernetes-objects.ts'
import type { StoredRun } from '../../operator/ports/objects.ts'
import { filesOfLog } from '../../pod/reader/file-lines.ts'
import { curveFile, unpackCurve } from '../../pod/reader/read-curve.ts'
import { InputError } from '../input-error.ts'
import type { RunOutcome, StudyOutcome } from '../report/outcome.ts'
import { studyObject } from '../report/study-title.ts'
import type { Gathered } from '../study-home.ts'
import { buildReaderJob, readerName } from './build-reader-job.ts'
import { curveRuns } from './curve-runs.ts'
import { findStudy } from './find-study.ts'
import { logOfJob } from './log-of-job.ts'
import type { Cluster } from './open-cluster.ts'

interface Placed {
  readonly run: StoredRun
  readonly placement: FrozenPlacement
}

/** The first of these runs whose pods were ever placed; all of a study have the same storage. */
async function firstPlaced(
  { api, namespace }: Cluster,
  runs: readonly RunOutcome[],
): Promise<Placed | undefined> {
  for (const { name } of runs) {
    const key = { namespace, name }
    const config = await readObject<V1ConfigMap>(api, CONFIG_MAP_RESOURCE, key)
    const placement = config === undefined ? undefined : placementIn(config)
    const run = placement && (await readObject<StoredRun>(api, RUN_RESOURCE, key))
    if (run !== undefined && placement !== undefined) return { run, placement }
  }
  return undefined
}

function gatheredFrom(log: string, runs: readonly RunOutcome[]): Gathered {
  const files = filesOfLog(log)
  const curves = runs.map(({ name, status }) => {
    const bytes = files.get(curveFile(status?.runKey ?? ''))
    return [name, bytes === undefined ? [] : unpackCurve(bytes)] as const
  })
  return { curves: new Map(curves), files }
}

const NOTHING: Gathered = { curves: new Map(), files: new Map() }

/** Reads curves and files of a study by a short Job on its storage. Throws InputError where the Job cannot run; a study that has computed nothing yet has nothing. */
export async function gatherByJob(
  cluster: Cluster,
  study: StudyOutcome,
  files: readonly string[],
): Promise<Gathered> {
  const runs = curveRuns(study).filter(({ status }) => status?.runKey !== undefined)
  if (runs.length === 0) return NOTHING
  const placed = await firstPlaced(cluster, runs)
  if (placed === undefined) {
    const { namespace } = cluster
    throw new InputError([
      `${study.name}: no run of it has a ConfigMap in namespace ${namespace} that says where its storage is, so its curves cannot be read`,
    ])
  }
  const order = {
    name: readerName(study.name, cluster.random),
    owner: studyObject(await findStudy(cluster, study.name)),
    ...placed,
    runKeys: [...new Set(runs.flatMap(({ status }) => status?.runKey ?? []))],
    files,
  }
  return gatheredFrom(await logOfJob(cluster, buildReaderJob(order)), runs)
}
