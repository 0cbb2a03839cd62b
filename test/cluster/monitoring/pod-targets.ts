import { CHART, createHelm, objectsIn } from '../chart/helm.ts'
import { hasEnded, type Pod } from '../kubelet/pod-object.ts'
import type { SharedTestbed } from '../testbed/shared-testbed.ts'

/** One entry of a file of targets (file_sd). */
export interface ScrapeTarget {
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** The fields of a PodMonitor that the tests use. */
interface PodMonitor {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> }
    readonly namespaceSelector?: { readonly matchNames: readonly string[] }
    readonly podMetricsEndpoints: readonly PodMetricsEndpoint[]
  }
}

interface PodMetricsEndpoint {
  readonly port: string
  readonly honorLabels: boolean
  readonly relabelings?: readonly {
    readonly sourceLabels: readonly string[]
    readonly targetLabel: string
  }[]
}

interface OperatorNamespaces {
  /** Where the operator runs. */
  readonly system: string
  /** Where studies run. */
  readonly namespace: string
}

/** The PodMonitors that the chart renders for an operator that watches one namespace. */
export async function podMonitors(
  testbed: SharedTestbed,
  { system, namespace }: OperatorNamespaces,
) {
  const { helm: program } = testbed.programs
  const helm = createHelm({
    program,
    folder: testbed.path(),
    kubeconfig: testbed.kubeconfig('admin'),
  })
  const metrics = { podMonitor: { enabled: true } }
  const file = await helm.valuesFile({ watchNamespaces: [namespace], metrics })
  const text = await helm.ok(['template', 'neco', CHART, '-n', system, '--values', file])
  return objectsIn(text).filter(({ kind }) => kind === 'PodMonitor') as unknown as PodMonitor[]
}

const LABEL_PREFIX = '__meta_kubernetes_pod_label_'
const inPrometheus = (label: string): string =>
  LABEL_PREFIX + label.replaceAll(/[^a-zA-Z0-9]/g, '_')

/** The labels that a Prometheus operator gives a pod, the relabelings of the endpoint included. */
function buildTargetLabels(
  { metadata }: PodMonitor,
  { port, relabelings = [] }: PodMetricsEndpoint,
  pod: Pod,
): ScrapeTarget['labels'] {
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

async function listSelectedPods(
  testbed: SharedTestbed,
  { metadata, spec }: PodMonitor,
): Promise<readonly Pod[]> {
  const { selector, namespaceSelector } = spec
  const wanted = Object.entries(selector.matchLabels).map(([label, value]) => `${label}=${value}`)
  const namespaces = namespaceSelector?.matchNames ?? [metadata.namespace]
  const lists = namespaces.map(async (namespace) => {
    const args = ['get', 'pods', '-n', namespace, '-l', wanted.join(), '-o', 'json']
    return (JSON.parse(await testbed.kubectl.ok(args)) as { items: Pod[] }).items
  })
  return (await Promise.all(lists)).flat()
}

/** The pods that a Prometheus operator would scrape now. */
export async function listScrapeTargets(
  testbed: SharedTestbed,
  monitors: readonly PodMonitor[],
): Promise<readonly ScrapeTarget[]> {
  const found = monitors.map(async (monitor) => {
    const pods = (await listSelectedPods(testbed, monitor)).filter((pod) => !hasEnded(pod))
    return pods.flatMap((pod) =>
      monitor.spec.podMetricsEndpoints.flatMap((endpoint) => {
        const ports = pod.spec.containers.flatMap(({ ports = [] }) => ports)
        const port = ports.find(({ name }) => name === endpoint.port)?.containerPort
        const ip = pod.status?.podIP
        if (port === undefined || ip === undefined) return []
        return [{ targets: [`${ip}:${port}`], labels: buildTargetLabels(monitor, endpoint, pod) }]
      }),
    )
  })
  return (await Promise.all(found)).flat()
}
