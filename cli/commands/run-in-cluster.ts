import { resolve } from 'node:path'
import { applyStudy, namespaceOf } from '../cluster/apply-study.ts'
import { clusterStudy } from '../cluster/cluster-study.ts'
import { type Cluster, openCluster } from '../cluster/open-cluster.ts'
import type { Call } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { readRunManifest, studyKey } from '../manifest/run-order.ts'
import type { Shell } from '../shell.ts'
import { followToEnd } from './follow-to-end.ts'

async function applyAndFollow(call: Call, shell: Shell, opened: Cluster): Promise<ExitCode> {
  const file = call.operands[0] ?? ''
  const { manifest } = await readRunManifest(call, resolve(shell.cwd, file), file)
  const cluster = { ...opened, namespace: namespaceOf(opened, { manifest, file }) }
  const isForced = call.switches.has('force-conflicts')
  const applied = await applyStudy(cluster, { manifest, file, isForced })
  const { name } = studyKey(manifest)
  shell.write(`${manifest.kind} ${name} ${applied} in namespace ${cluster.namespace}\n`)
  const inNamespace = cluster.namespace === opened.namespace ? '' : ` -n ${cluster.namespace}`
  const again = `${cluster.program} watch ${name}${cluster.flags}${inNamespace}`
  if (call.switches.has('detach')) {
    shell.write(`follow it with: ${again}\n`)
    return EXIT.Done
  }
  const home = clusterStudy(cluster, { name, cwd: shell.cwd, bus: undefined })
  return followToEnd(home, shell, `the study goes on; follow it with: ${again}\n`)
}

/** Applies a manifest to a cluster and watches it until it is at rest, or until Ctrl-C. Throws InputError. */
export async function runInCluster(call: Call, shell: Shell): Promise<ExitCode> {
  const cluster = openCluster(call, shell)
  try {
    return await applyAndFollow(call, shell, cluster)
  } finally {
    cluster.api.close()
  }
}
