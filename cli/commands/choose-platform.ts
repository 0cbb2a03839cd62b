import { resolve } from 'node:path'
import { CLUSTER_FLAGS, usesCluster } from '../cluster/cluster-flags.ts'
import { openClusterStudy } from '../cluster/cluster-study.ts'
import { findOnlyStudyName } from '../cluster/find-study.ts'
import type { BusAccess } from '../cluster/gather-from-bus.ts'
import { openCluster } from '../cluster/open-cluster.ts'
import { type Flag, type ParsedArgs, readFlagValue } from '../command.ts'
import { InputError } from '../input-error.ts'
import { openLocalStudy } from '../local/local-study.ts'
import { findNewestOutput } from '../local/read-study.ts'
import type { Shell } from '../shell.ts'
import type { StudyPlatform } from '../study-platform.ts'

/** The operand and flags of every command about an existing study. */
export const STUDY_OPERANDS = [{ name: 'NAME', required: false }] as const
export const PLATFORM_FLAGS: Readonly<Record<string, Flag>> = {
  out: {
    value: 'DIR',
    description:
      'the output folder of the study; out/NAME, or the newest under out/, when left out',
  },
  ...CLUSTER_FLAGS,
}

/** The folder that a command reads. */
async function chooseOutputFolder(args: ParsedArgs, { cwd }: Shell): Promise<string> {
  const out = readFlagValue(args, 'out')
  const [name] = args.operands
  if (out !== undefined && name !== undefined) {
    throw new InputError([`${name} and --out ${out} both name the study: leave one of them out`])
  }
  if (out !== undefined) return resolve(cwd, out)
  return name === undefined ? findNewestOutput(cwd) : resolve(cwd, 'out', name)
}

/** How to reach NATS: by flags, else by the environment. */
function readBusAccess(args: ParsedArgs, { environment, cwd }: Shell): BusAccess | undefined {
  const url = readFlagValue(args, 'nats-url') ?? environment['NECO_NATS_URL']
  const credentials = readFlagValue(args, 'nats-creds') ?? environment['NECO_NATS_CREDS']
  const ca = readFlagValue(args, 'nats-ca') ?? environment['NECO_NATS_CA']
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

async function openStudyPlatform(args: ParsedArgs, shell: Shell): Promise<StudyPlatform> {
  if (!usesCluster(args, shell)) return openLocalStudy(await chooseOutputFolder(args, shell), shell)
  const cluster = openCluster(args, shell)
  const name = args.operands[0] ?? (await findOnlyStudyName(cluster))
  return openClusterStudy(cluster, { name, cwd: shell.cwd, bus: readBusAccess(args, shell) })
}

/**
 * Opens the platform of the study that the arguments name, and closes it afterwards. Throws
 * InputError.
 */
export async function withStudyPlatform<T>(
  args: ParsedArgs,
  shell: Shell,
  use: (platform: StudyPlatform) => Promise<T>,
): Promise<T> {
  const platform = await openStudyPlatform(args, shell)
  try {
    return await use(platform)
  } finally {
    platform.close()
  }
}
