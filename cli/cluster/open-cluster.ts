import type { KubeConfig } from '@kubernetes/client-node'
import { type ApiClient, createApiClient } from '../../kube/client/api-client.ts'
import { createApiEndpoint } from '../../kube/client/api-endpoint.ts'
import { loadKubeConfig, readPodNamespace } from '../../kube/client/load-kube-config.ts'
import type { Clock } from '../../std/clock.ts'
import { type ParsedArgs, readFlagValue } from '../command.ts'
import { InputError } from '../input-error.ts'
import type { Shell } from '../shell.ts'
import { createShellClock } from '../shell-clock.ts'
import { CLUSTER_FLAGS } from './cluster-flags.ts'
import { createExplainingClient } from './explain-api-error.ts'

/** A namespace of a cluster, with the credentials of a user. */
export interface Cluster {
  /** Fails with InputError where the user has a remedy, else with ApiError. */
  readonly api: ApiClient
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly onInterrupt: Shell['onInterrupt']
  readonly namespace: string
  /** Whether --namespace was given. */
  readonly isNamespaceGiven: boolean
  /** `neco`, or `kubectl neco`. */
  readonly program: string
  /** Flags that select this cluster in the next command, each after a space. */
  readonly flags: string
}

const VALUE_FLAGS = Object.entries(CLUSTER_FLAGS)
  .filter(([, { value }]) => value !== undefined)
  .map(([name]) => name)

/** The cluster flags that were given, in the order of the help. */
function formatClusterFlags(args: ParsedArgs, { calledAs }: Shell): string {
  const given = VALUE_FLAGS.flatMap((name) => {
    const value = readFlagValue(args, name)
    return value === undefined ? [] : [` --${name} ${value}`]
  })
  return given.length === 0 && calledAs === 'neco' ? ' --cluster' : given.join('')
}

/** Where a namespace may be given, each absent or empty where it is not. */
interface NamespaceSources {
  /** --namespace. */
  readonly flag: string | undefined
  /** Of the context in the kubeconfig. */
  readonly context: string | undefined
  /** Of the pod that this process runs in. */
  readonly pod: string | undefined
}

/** The namespace by kubectl's order: the flag, the context, the pod, `default`. */
export const chooseNamespace = ({ flag, context, pod }: NamespaceSources): string =>
  flag || context || pod || 'default'

const readContextNamespace = (kubeConfig: KubeConfig): string | undefined =>
  kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace

function describeClusterServer(kubeConfig: KubeConfig): string {
  const server = kubeConfig.getCurrentCluster()?.server ?? 'no server'
  return `${server} (context ${kubeConfig.getCurrentContext()})`
}

/** Reads the kubeconfig as kubectl does; nothing is sent yet. Throws InputError. */
export function openCluster(args: ParsedArgs, shell: Shell): Cluster {
  const read = loadKubeConfig({
    file: readFlagValue(args, 'kubeconfig'),
    context: readFlagValue(args, 'context'),
    environment: shell.environment,
    homeFolder: shell.homeFolder,
  })
  if (!read.ok) throw new InputError([read.problem])
  const { kubeConfig } = read
  const clock = createShellClock(shell)
  const flag = readFlagValue(args, 'namespace')
  const namespace = chooseNamespace({
    flag,
    context: readContextNamespace(kubeConfig),
    pod: readPodNamespace(shell),
  })
  const api = createApiClient({
    endpoint: createApiEndpoint(kubeConfig),
    clock,
    userAgent: `${shell.calledAs.replace(' ', '-')}/${shell.version}`,
  })
  return {
    api: createExplainingClient(api, { server: describeClusterServer(kubeConfig), namespace }),
    clock,
    random: shell.random,
    onInterrupt: shell.onInterrupt,
    namespace,
    isNamespaceGiven: flag !== undefined,
    program: shell.calledAs,
    flags: formatClusterFlags(args, shell),
  }
}
