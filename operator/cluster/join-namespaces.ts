import { KubeError } from '../../kube/kube-error.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'
import type { Jobs } from '../ports/jobs.ts'
import type { Runs, Sweeps } from '../ports/objects.ts'

/** The ports of one namespace. */
export interface NamespacePorts {
  readonly runs: Runs
  readonly sweeps: Sweeps
  readonly jobs: Jobs
}

type ByNamespace = ReadonlyMap<string, NamespacePorts>
type NamespacePortName = keyof NamespacePorts

const getNamespacePort = <P extends NamespacePortName>(
  all: ByNamespace,
  port: P,
  namespace: string | undefined,
) => {
  const found = all.get(namespace ?? '')
  if (found === undefined) throw new KubeError('NotFound', `namespace ${namespace} is not watched`)
  return found[port]
}

const listNamespacePorts = <P extends NamespacePortName>(
  all: ByNamespace,
  port: P,
): NamespacePorts[P][] => [...all.values()].map((ports) => ports[port])

async function concatLists<T>(lists: readonly Promise<readonly T[]>[]): Promise<readonly T[]> {
  return (await Promise.all(lists)).flat()
}

/** Watches all; the function it gives stops all. */
const watchAll =
  <C>(ports: readonly { watch(changed: C): () => void }[]) =>
  (changed: C): (() => void) => {
    const stops = ports.map((port) => port.watch(changed))
    return () => {
      for (const stop of stops) stop()
    }
  }

function joinRuns(all: ByNamespace): Runs {
  const runsIn = ({ namespace }: ObjectKey): Runs => getNamespacePort(all, 'runs', namespace)
  return {
    watch: watchAll(listNamespacePorts(all, 'runs')),
    get: async (key) => all.get(key.namespace)?.runs.get(key),
    list: () => concatLists(listNamespacePorts(all, 'runs').map((runs) => runs.list())),
    listOwnedBy: (uid) =>
      concatLists(listNamespacePorts(all, 'runs').map((runs) => runs.listOwnedBy(uid))),
    create: async (run) => getNamespacePort(all, 'runs', run.metadata.namespace).create(run),
    writeStatus: async (key, status, version) => runsIn(key).writeStatus(key, status, version),
    writeSpec: async (key, spec, version) => runsIn(key).writeSpec(key, spec, version),
    delete: async (key) => all.get(key.namespace)?.runs.delete(key),
  }
}

function joinSweeps(all: ByNamespace): Sweeps {
  return {
    watch: watchAll(listNamespacePorts(all, 'sweeps')),
    get: async (key) => all.get(key.namespace)?.sweeps.get(key),
    list: () => concatLists(listNamespacePorts(all, 'sweeps').map((sweeps) => sweeps.list())),
    create: async (sweep) =>
      getNamespacePort(all, 'sweeps', sweep.metadata.namespace).create(sweep),
    writeStatus: async (key, status, version) =>
      getNamespacePort(all, 'sweeps', key.namespace).writeStatus(key, status, version),
    delete: async (key) => all.get(key.namespace)?.sweeps.delete(key),
  }
}

function joinJobs(all: ByNamespace): Jobs {
  const [first] = listNamespacePorts(all, 'jobs')
  return {
    ...omitUndefined({ defaultTtlSeconds: first?.defaultTtlSeconds }),
    watch: watchAll(listNamespacePorts(all, 'jobs')),
    listOwnedBy: (uid) =>
      concatLists(listNamespacePorts(all, 'jobs').map((jobs) => jobs.listOwnedBy(uid))),
    create: async (request) => getNamespacePort(all, 'jobs', request.namespace).create(request),
    createReader: async (request) =>
      getNamespacePort(all, 'jobs', request.namespace).createReader(request),
    delete: async (key) => all.get(key.namespace)?.jobs.delete(key),
  }
}

/**
 * Several namespaces as if they were all there is. A write to any other fails with NotFound;
 * nothing is read from it.
 */
export function joinNamespaces(all: ByNamespace): NamespacePorts {
  const [only] = all.values()
  if (all.size === 1 && only !== undefined && all.has('')) return only
  return { runs: joinRuns(all), sweeps: joinSweeps(all), jobs: joinJobs(all) }
}
