import { resolve } from 'node:path'
import { applyStudy, chooseManifestNamespace } from '../cluster/apply-study.ts'
import { openClusterStudy } from '../cluster/cluster-study.ts'
import { type Cluster, openCluster } from '../cluster/open-cluster.ts'
import type { ParsedArgs } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { readRunManifest, toStudyKey } from '../manifest/run-options.ts'
import type { Shell } from '../shell.ts'
import { followToEnd } from './follow-to-end.ts'

async function applyAndFollow(args: ParsedArgs, shell: Shell, opened: Cluster): Promise<ExitCode> {
  const file = args.operands[0] ?? ''
  const { manifest } = await readRunManifest(args, resolve(shell.cwd, file), file)
  const cluster = { ...opened, namespace: chooseManifestNamespace(opened, { manifest, file }) }
  const isForced = args.switches.has('force-conflicts')
  const applied = await applyStudy(cluster, { manifest, file, isForced })
  const { name } = toStudyKey(manifest)
  shell.write(`${manifest.kind} ${name} ${applied} in namespace ${cluster.namespace}\n`)
  const inNamespace = cluster.namespace === opened.namespace ? '' : ` -n ${cluster.namespace}`
  const followCommand = `${cluster.program} watch ${name}${cluster.flags}${inNamespace}`
  if (args.switches.has('detach')) {
    shell.write(`follow it with: ${followCommand}\n`)
    return EXIT.Done
  }
  const platform = openClusterStudy(cluster, { name, cwd: shell.cwd, bus: undefined })
  return followToEnd(platform, shell, `the study continues; follow it with: ${followCommand}\n`)
}

/**
 * Applies a manifest to a cluster and watches it until it is settled or Ctrl-C. Throws InputError.
 */
export async function runInCluster(args: ParsedArgs, shell: Shell): Promise<ExitCode> {
  const cluster = openCluster(args, shell)
  try {
    return await applyAndFollow(args, shell, cluster)
  } finally {
    cluster.api.close()
  }
}
