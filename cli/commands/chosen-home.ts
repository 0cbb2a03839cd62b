import { resolve } from 'node:path'
import { CLUSTER_FLAGS, meansCluster } from '../cluster/cluster-flags.ts'
import { clusterStudy } from '../cluster/cluster-study.ts'
import { onlyStudyName } from '../cluster/find-study.ts'
import type { BusAccess } from '../cluster/gather-from-bus.ts'
import { openCluster } from '../cluster/open-cluster.ts'
import { type Call, type Flag, flagValue } from '../command.ts'
import { InputError } from '../input-error.ts'
import { localStudy } from '../local/local-study.ts'
import { newestOutput } from '../local/read-study.ts'
import type { Shell } from '../shell.ts'
import type { StudyHome } from '../study-home.ts'

/** The operand and flags of every command about a study that is there. */
export const STUDY_OPERANDS = [{ name: 'NAME', required: false }] as const
export const HOME_FLAGS: Readonly<Record<string, Flag>> = {
  out: {
    value: 'DIR',
    description:
      'the output folder of the study; out/NAME, or the newest under out/, when left out',
  },
  ...CLUSTER_FLAGS,
}

/** The folder that a command reads. */
async function chosenOutput(call: Call, { cwd }: Shell): Promise<string> {
  const out = flagValue(call, 'out')
  const [name] = call.operands
  if (out !== undefined && name !== undefined) {
    throw new InputError([`${name} and --out ${out} both name the study: leave one of them out`])
  }
  if (out !== undefined) return resolve(cwd, out)
  return name === undefined ? newestOutput(cwd) : resolve(cwd, 'out', name)
}

/** How to reach NATS, by flags or else by the environment. */
function busAccess(call: Call, { environment, cwd }: Shell): BusAccess | undefined {
  const url = flagValue(call, 'nats-url') ?? environment['NECO_NATS_URL']
  const credentials = flagValue(call, 'nats-creds') ?? environment['NECO_NATS_CREDS']
  const ca = flagValue(call, 'nats-ca') ?? environment['NECO_NATS_CA']
  if (url === undefined) return undefined
  if (credentials === undefined) {
    throw new InputError([`--nats-url ${url}: --nats-creds FILE, the credentials, is missing`])
  }
  return {
    url,
    credentialsFile: resolve(cwd, credentials),
    caFile: ca === undefined ? undefined : resolve(cwd, ca),
  }
}

async function openHome(call: Call, shell: Shell): Promise<StudyHome> {
  if (!meansCluster(call, shell)) return localStudy(await chosenOutput(call, shell), shell)
  const cluster = openCluster(call, shell)
  const name = call.operands[0] ?? (await onlyStudyName(cluster))
  return clusterStudy(cluster, { name, cwd: shell.cwd, bus: busAccess(call, shell) })
}

/** Finds where the study lives that was meant, and closes that home afterwards. Throws InputError. */
export async function withHome<T>(
  call: Call,
  shell: Shell,
  use: (home: StudyHome) => Promise<T>,
): Promise<T> {
  const home = await openHome(call, shell)
  try {
    return await use(home)
  } finally {
    home.close()
  }
}
