import { join } from 'node:path'
import { buildObjectPath } from '../../kube/client/resource-path.ts'
import { RUN_RESOURCE, SWEEP_RESOURCE } from '../../operator/cluster/kubernetes-objects.ts'
import { studyObject, studyTitle } from '../report/study-title.ts'
import type { StudyPlatform, SuspensionResult } from '../study-platform.ts'
import { FIELD_MANAGER } from './apply-study.ts'
import { findStudy } from './find-study.ts'
import { followStudy } from './follow-study.ts'
import { gatherByJob } from './gather-by-job.ts'
import { type BusAccess, gatherFromBus } from './gather-from-bus.ts'
import type { Cluster } from './open-cluster.ts'

interface ClusterStudyOptions {
  readonly name: string
  /** The working directory of the command. */
  readonly cwd: string
  /** How to reach NATS from this machine, where it was given. */
  readonly bus: BusAccess | undefined
}

async function suspendClusterStudy(
  cluster: Cluster,
  name: string,
  isSuspended: boolean,
): Promise<SuspensionResult> {
  const { api, namespace, program, flags } = cluster
  const study = await findStudy(cluster, name)
  const before = studyObject(study).spec.suspend === true
  if (before !== isSuspended) {
    const resource = study.kind === 'NeCoRun' ? RUN_RESOURCE : SWEEP_RESOURCE
    await api.request({
      method: 'PATCH',
      path: buildObjectPath(resource, { namespace, name }),
      query: { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' },
      contentType: 'application/merge-patch+json',
      body: { spec: { suspend: isSuspended ? true : null } },
    })
  }
  const command = isSuspended ? 'resume' : 'watch'
  const does = isSuspended ? 'resumes it' : 'shows it'
  return {
    study: studyTitle(study),
    isChanged: before !== isSuspended,
    nextStep: `${program} ${command} ${name}${flags} ${does}`,
  }
}

/** A study in a cluster. */
export function openClusterStudy(
  cluster: Cluster,
  { name, cwd, bus }: ClusterStudyOptions,
): StudyPlatform {
  return {
    read: () => findStudy(cluster, name),
    follow: async (followOptions) =>
      followStudy(cluster, await findStudy(cluster, name), followOptions),
    gather: async (study, files) => {
      if (bus === undefined || files.length > 0) return gatherByJob(cluster, study, files)
      return gatherFromBus(cluster, study, bus)
    },
    plotPath: (study) => join(cwd, `${study}-curves.svg`),
    suspend: (isSuspended) => suspendClusterStudy(cluster, name, isSuspended),
    close: () => cluster.api.close(),
  }
}
