import { join } from 'node:path'
import { type ApiAccess, sendTestApiRequest } from './api-request.ts'
import {
  type ControlPlaneFiles,
  writeControlPlaneFiles,
  writeKubeconfigs,
} from './control-plane-files.ts'
import {
  apiServerFlags,
  type ControlPlanePorts,
  controllerManagerFlags,
  etcdFlags,
  schedulerFlags,
} from './control-plane-flags.ts'
import type { ComponentPaths } from './ensure-components.ts'
import { freePort } from './free-port.ts'
import { requestServiceAccountToken } from './service-account-token.ts'
import type { TestbedFolder } from './testbed-folder.ts'
import { failIfEnded, startTestbedProcess, type TestbedProcess } from './testbed-process.ts'
import { findUserToken, makeTokenUsers } from './token-users.ts'
import { waitUntil } from './wait-until.ts'

interface ControlPlaneOptions {
  readonly folder: TestbedFolder
  readonly programs: ComponentPaths
  readonly log: (line: string) => void
  /** Users in addition to those of every testbed, with their groups. */
  readonly users?: Readonly<Record<string, readonly string[]>>
  /**
   * Called when the API server is ready and nothing else runs: the garbage collector looks for
   * kinds that come later every 30 s only.
   */
  readonly served?: (kubeconfig: KubeconfigLookup) => Promise<void>
}

/** Path of the kubeconfig of a user. Throws for an unknown one. */
type KubeconfigLookup = (user: string) => string

/** Addresses and files of a running control plane. */
interface ControlPlaneInfo {
  readonly url: string
  readonly caFile: string
  /** Certificate authority as PEM. */
  readonly ca: string
  readonly adminToken: string
  /** User to token. */
  readonly tokens: Readonly<Record<string, string>>
  /** User to path of a kubeconfig. */
  readonly kubeconfigs: Readonly<Record<string, string>>
  /** Every request, one JSON object (audit.k8s.io/v1 Event) a line, written when it is answered. */
  readonly auditLog: string
}

/** A control plane of its own: etcd, API server, controller manager, scheduler. */
export interface ControlPlane extends ControlPlaneInfo {
  readonly kubeconfig: KubeconfigLookup
  /** A token of a service account, valid for ten hours. */
  readonly serviceAccountToken: (namespace: string, name: string) => Promise<string>
  /**
   * An outage: Killed closes connections and refuses new ones, Frozen leaves them open and silent.
   */
  readonly stopApiServer: (how: 'Killed' | 'Frozen') => Promise<void>
  /** Ends the outage, on the same port; resolves when the server is ready. */
  readonly startApiServer: () => Promise<void>
  readonly close: () => Promise<void>
}

const READY_WITHIN_MS = 180_000

interface ControlPlaneParts {
  readonly start: ControlPlaneOptions
  readonly files: ControlPlaneFiles
  readonly ports: ControlPlanePorts
  readonly info: ControlPlaneInfo
  /** All that was started, by name; the API server is replaced after an outage. */
  readonly running: Map<string, TestbedProcess>
}

/**
 * Starts a control plane on free ports of 127.0.0.1, ready for objects. Throws with the last output
 * of the program that did not start.
 */
export async function startControlPlane(start: ControlPlaneOptions): Promise<ControlPlane> {
  const startedMs = performance.now()
  const parts = await prepare(start)
  try {
    await startAll(parts)
  } catch (cause) {
    await endAll(parts)
    throw cause
  }
  start.log(`control plane ready in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  return {
    ...parts.info,
    kubeconfig: findKubeconfig(parts),
    serviceAccountToken: (namespace, name) =>
      requestServiceAccountToken(buildAdminAccess(parts), { namespace, name }),
    ...outages(parts),
    close: () => endAll(parts),
  }
}

const findKubeconfig =
  ({ info }: ControlPlaneParts): KubeconfigLookup =>
  (user) => {
    const path = info.kubeconfigs[user]
    if (path === undefined) throw new Error(`${user}: the testbed has no such user`)
    return path
  }

const buildAdminAccess = ({ info }: ControlPlaneParts): ApiAccess => ({
  ...info,
  token: info.adminToken,
})

async function prepare(start: ControlPlaneOptions): Promise<ControlPlaneParts> {
  const folder = join(start.folder.path, 'control-plane')
  const ports = { api: await freePort(), etcd: await freePort(), etcdPeer: await freePort() }
  const users = makeTokenUsers(start.users ?? {})
  const { files, ca } = await writeControlPlaneFiles(folder, users)
  const { caFile, auditLog } = files
  const url = `https://127.0.0.1:${ports.api}`
  const info = {
    url,
    caFile,
    ca,
    auditLog,
    adminToken: findUserToken(users, 'admin'),
    tokens: Object.fromEntries(users.map(({ name, token }) => [name, token])),
    kubeconfigs: await writeKubeconfigs(folder, users, { url, caFile }),
  }
  return { start, files, ports, info, running: new Map() }
}

async function startAll(parts: ControlPlaneParts): Promise<void> {
  const { files, ports, info } = parts
  await launch(parts, 'etcd', etcdFlags(files, ports))
  await startApi(parts)
  await parts.start.served?.(findKubeconfig(parts))
  const config = (name: string) => info.kubeconfigs[`system:${name}`] ?? ''
  const manager = 'kube-controller-manager'
  const controllers = [
    await launch(parts, manager, controllerManagerFlags(files, config(manager))),
    await launch(parts, 'kube-scheduler', schedulerFlags(config('kube-scheduler'))),
  ]
  const ready = hasDefaultAccount(parts)
  await Promise.all(controllers.map((program) => failIfEnded(program, ready)))
}

/** An API server with a small heap spends a quarter of its CPU time in garbage collection. */
const FEWER_COLLECTIONS = { GOGC: '400' }

type Program = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler'

async function launch(
  { start, running }: ControlPlaneParts,
  name: Program,
  args: readonly string[],
): Promise<TestbedProcess> {
  const command = start.programs[name]
  const program = await startTestbedProcess(start.folder, {
    name,
    command,
    args,
    environment: FEWER_COLLECTIONS,
  })
  running.set(name, program)
  return program
}

async function startApi(parts: ControlPlaneParts): Promise<void> {
  const args = apiServerFlags(parts.files, parts.ports)
  const program = await launch(parts, 'kube-apiserver', args)
  await failIfEnded(program, answersOk(parts, '/readyz'))
}

/** Pods need the namespace's service account, which the controller manager makes. */
const hasDefaultAccount = (parts: ControlPlaneParts): Promise<true> =>
  answersOk(parts, '/api/v1/namespaces/default/serviceaccounts/default')

const answersOk = (parts: ControlPlaneParts, path: string): Promise<true> =>
  waitUntil({
    what: `${parts.info.url}${path}`,
    withinMs: READY_WITHIN_MS,
    look: async () =>
      (await sendTestApiRequest(buildAdminAccess(parts), { path })).status === 200 || undefined,
  })

function outages(parts: ControlPlaneParts): Pick<ControlPlane, 'stopApiServer' | 'startApiServer'> {
  let frozen = false
  return {
    stopApiServer: async (how) => {
      frozen = how === 'Frozen'
      const api = parts.running.get('kube-apiserver')
      if (frozen) api?.signal('SIGSTOP')
      else await api?.end(0)
    },
    startApiServer: async () => {
      if (!frozen) return startApi(parts)
      frozen = false
      parts.running.get('kube-apiserver')?.signal('SIGCONT')
      await answersOk(parts, '/readyz')
    },
  }
}

/** At once: nothing needs to be saved, and a graceful shutdown of the API server is slow. */
async function endAll({ running }: ControlPlaneParts): Promise<void> {
  await Promise.all([...running.values()].map((program) => program.end(0)))
}
