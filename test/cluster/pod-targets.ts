import type { SharedBed } from './bed/shared-bed.ts'
import { CHART, makeHelm, objectsIn } from './chart/helm.ts'
import { hasEnded, type Pod } from './kubelet/pod-object.ts'

/** One entry of a file of targets (file_sd). */
export interface Target {
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** What the chart says to a Prometheus operator about one set of pods. */
interface PodMonitor {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> }
    readonly namespaceSelector?: { readonly matchNames: readonly string[] }
    readonly podMetricsEndpoints: readonly Endpoint[]
  }
}

interface Endpoint {
  readonly port: string
  readonly honorLabels: boolean
  readonly relabelings?: readonly {
    readonly sourceLabels: readonly string[]
    readonly targetLabel: string
  }[]
}

interface Where {
  /** Where the operator runs. */
  readonly system: string
  /** Where studies run. */
  readonly namespace: string
}

/** The PodMonitors that the chart renders for an operator that watches one namespace. */
export async function podMonitors(bed: SharedBed, { system, namespace }: Where) {
  const { helm: program } = bed.programs
  const helm = makeHelm({ program, folder: bed.path(), kubeconfig: bed.kubeconfig('admin') })
  const metrics = { podMonitor: { enabled: true } }
  const file = await helm.valuesFile({ watchNamespaces: [namespace], metrics })
  const text = await helm.ok(['template', 'neco', CHART, '-n', system, '--values', file])
  return objectsIn(text).filter(({ kind }) => kind === 'PodMonitor') as unknown as PodMonitor[]
}

const LABEL_PREFIX = '__meta_kubernetes_pod_label_'
const inPrometheus = (label: string): string =>
  LABEL_PREFIX + label.replaceAll(/[^a-zA-Z0-9]/g, '_')

/** The labels that a Prometheus operator gives a pod, the relabelings of the endpoint included. */
function labelsOf(
  { metadata }: PodMonitor,
  { port, relabelings = [] }: Endpoint,
  pod: Pod,
): Target['labels'] {
  const meta = new Map(
    Object.entries(pod.metadata.labels ?? {}).map(([label, value]) => [inPrometheus(label), value]),
  )
  const more = relabelings.flatMap(({ sourceLabels, targetLabel }) => {
    const value = sourceLabels.map((label) => meta.get(label) ?? '').join(';')
    return value === '' ? [] : [[targetLabel, value] as const]
  })
  return {
    job: `${metadata.namespace}/${metadata.name}`,
    endpoint: port,
    namespace: pod.metadata.namespace,
    pod: pod.metadata.name,
    container: pod.spec.containers[0]?.name ?? '',
    ...Object.fromEntries(more),
  }
}

async function podsOf(bed: SharedBed, { metadata, spec }: PodMonitor): Promise<readonly Pod[]> {
  const { selector, namespaceSelector } = spec
  const wanted = Object.entries(selector.matchLabels).map(([label, value]) => `${label}=${value}`)
  const namespaces = namespaceSelector?.matchNames ?? [metadata.namespace]
  const lists = namespaces.map(async (namespace) => {
    const words = ['get', 'pods', '-n', namespace, '-l', wanted.join(), '-o', 'json']
    return (JSON.parse(await bed.kubectl.ok(words)) as { items: Pod[] }).items
  })
  return (await Promise.all(lists)).flat()
}

/** The pods that a Prometheus operator would have scraped now. */
export async function targetsOf(
  bed: SharedBed,
  monitors: readonly PodMonitor[],
): Promise<readonly Target[]> {
  const found = monitors.map(async (monitor) => {
    const pods = (await podsOf(bed, monitor)).filter((pod) => !hasEnded(pod))
    return pods.flatMap((pod) =>
      monitor.spec.podMetricsEndpoints.flatMap((endpoint) => {
        const ports = pod.spec.containers.flatMap(({ ports = [] }) => ports)
        const port = ports.find(({ name }) => name === endpoint.port)?.containerPort
        const ip = pod.status?.podIP
        if (port === undefined || ip === undefined) return []
        return [{ targets: [`${ip}:${port}`], labels: labelsOf(monitor, endpoint, pod) }]
      }),
    )
  })
  return (await Promise.all(found)).flat()
}
