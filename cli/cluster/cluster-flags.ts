import type { Flag, ParsedArgs } from '../command.ts'
import { InputError } from '../input-error.ts'
import type { Shell } from '../shell.ts'

/** Any of these selects a cluster; named as in kubectl. */
export const CLUSTER_FLAGS: Readonly<Record<string, Flag>> = {
  context: {
    value: 'NAME',
    description: 'a context of the kubeconfig: the study is in its cluster',
  },
  namespace: {
    value: 'NAME',
    short: 'n',
    description:
      'the namespace in the cluster; when left out that of the context, else of the pod, else default',
  },
  kubeconfig: {
    value: 'FILE',
    description: 'the kubeconfig; $KUBECONFIG or ~/.kube/config when left out',
  },
  cluster: { description: 'the cluster of the current context' },
}

/** How to reach the NATS server of a cluster from this machine. */
export const BUS_FLAGS: Readonly<Record<string, Flag>> = {
  'nats-url': {
    value: 'URL',
    description: 'read curves from this NATS server; by a short Job in the cluster when left out',
  },
  'nats-creds': { value: 'FILE', description: 'credentials for it' },
  'nats-ca': { value: 'FILE', description: 'the authority that signed it' },
}

const LOCAL_ONLY_FLAGS = ['out', 'volume', 'fresh'] as const
const isFlagGiven = ({ values, switches }: ParsedArgs, flag: string): boolean =>
  values.has(flag) || switches.has(flag)

/**
 * Whether the flags select a cluster. Throws InputError where a flag for this machine is given too.
 */
export function usesCluster(args: ParsedArgs, { calledAs }: Shell): boolean {
  const cluster = Object.keys(CLUSTER_FLAGS).find((flag) => isFlagGiven(args, flag))
  if (cluster === undefined && calledAs === 'neco') return false
  const localFlag = LOCAL_ONLY_FLAGS.find((flag) => isFlagGiven(args, flag))
  if (localFlag === undefined) return true
  const why = cluster === undefined ? calledAs : `--${cluster}`
  throw new InputError([
    `--${localFlag} is for studies on this machine, ${why} for those in a cluster: leave one of them out`,
  ])
}
