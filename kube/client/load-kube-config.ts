import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'

export interface KubeConfigSource {
  /** Given by a flag; goes before everything else. */
  readonly file?: string | undefined
  readonly context?: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly homeFolder: string
  /** Where a pod finds its token and certificate. */
  readonly serviceAccountFolder?: string
}

export type KubeConfigResult =
  | { readonly ok: true; readonly kubeConfig: KubeConfig; readonly from: string }
  | { readonly ok: false; readonly problem: string }

const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

const toKubeConfigProblem = (problem: string): KubeConfigResult => ({ ok: false, problem })

type ServiceAccountSource = Pick<KubeConfigSource, 'environment' | 'serviceAccountFolder'>

const isInPod = ({
  environment,
  serviceAccountFolder = SERVICE_ACCOUNT_FOLDER,
}: ServiceAccountSource): boolean =>
  environment['KUBERNETES_SERVICE_HOST'] !== undefined &&
  existsSync(join(serviceAccountFolder, 'token'))

/**
 * The namespace of the pod that this process is in; undefined outside a pod, and in one without an
 * account.
 */
export function readPodNamespace(source: ServiceAccountSource): string | undefined {
  const { serviceAccountFolder = SERVICE_ACCOUNT_FOLDER } = source
  const file = join(serviceAccountFolder, 'namespace')
  return isInPod(source) && existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

/**
 * The API server by the environment of a pod; undefined outside a pod. Tokens are read again when
 * they are renewed.
 */
function loadInClusterConfig(source: ServiceAccountSource) {
  const { environment, serviceAccountFolder = SERVICE_ACCOUNT_FOLDER } = source
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = environment
  const tokenFile = join(serviceAccountFolder, 'token')
  if (!isInPod(source)) return undefined
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'cluster', server, caFile: join(serviceAccountFolder, 'ca.crt') }],
    users: [{ name: 'account', authProvider: { name: 'tokenFile', config: { tokenFile } } }],
    contexts: [{ name: 'in-cluster', cluster: 'cluster', user: 'account' }],
    currentContext: 'in-cluster',
  })
  return kubeConfig
}

/** KUBECONFIG may name several files, of which the first that says something goes before. */
function mergeKubeConfigFiles(files: readonly string[]): KubeConfig {
  const [first = '', ...others] = files
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromFile(first)
  for (const file of others) {
    const other = new KubeConfig()
    other.loadFromFile(file)
    kubeConfig.mergeConfig(other, true)
  }
  return kubeConfig
}

function loadKubeConfigFile(file: string, context: string | undefined): KubeConfigResult {
  const files = file.split(delimiter).filter((path) => path !== '')
  const absent = files.find((path) => !existsSync(path))
  if (absent !== undefined) {
    return toKubeConfigProblem(`${absent}: no such kubeconfig; give another by --kubeconfig`)
  }
  try {
    return selectContext(mergeKubeConfigFiles(files), file, context)
  } catch (error) {
    return toKubeConfigProblem(`${file}: no valid kubeconfig: ${(error as Error).message}`)
  }
}

function selectContext(
  kubeConfig: KubeConfig,
  file: string,
  context: string | undefined,
): KubeConfigResult {
  const known = kubeConfig.getContexts().map(({ name }) => name)
  if (context !== undefined) kubeConfig.setCurrentContext(context)
  const current = kubeConfig.getCurrentContext()
  if (!known.includes(current)) {
    const requested = current ? `has no context ${current}` : 'names no current context'
    return toKubeConfigProblem(
      `${file} ${requested}; give one by --context: ${known.join(', ') || 'it has none'}`,
    )
  }
  if (kubeConfig.getCurrentCluster() === null) {
    return toKubeConfigProblem(
      `${file}: context ${current} names a cluster that is not in the file`,
    )
  }
  return { ok: true, kubeConfig, from: `${file}, context ${current}` }
}

/**
 * Finds the cluster to work in: the file that was asked for, KUBECONFIG, the pod's own account,
 * then ~/.kube/config.
 */
export function loadKubeConfig(source: KubeConfigSource): KubeConfigResult {
  const { file, context, environment, homeFolder } = source
  const requested = file ?? environment['KUBECONFIG']
  if (requested !== undefined && requested !== '') return loadKubeConfigFile(requested, context)
  const kubeConfig = loadInClusterConfig(source)
  if (kubeConfig !== undefined) return { ok: true, kubeConfig, from: 'the service account' }
  const defaultFile = join(homeFolder, '.kube', 'config')
  if (existsSync(defaultFile)) return loadKubeConfigFile(defaultFile, context)
  return toKubeConfigProblem(
    `no kubeconfig: this is no pod with a service account, KUBECONFIG is not set and ${defaultFile} does not exist; give a file by --kubeconfig`,
  )
}
