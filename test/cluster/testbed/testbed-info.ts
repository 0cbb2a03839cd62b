import { join } from 'node:path'
import {
  type ApiAccess,
  sendTestApiRequest,
  type TestApiRequest,
  type TestApiResponse,
} from './api-request.ts'
import type { ComponentPaths } from './ensure-components.ts'
import { createKubectl, type Kubectl } from './kubectl.ts'
import { requestServiceAccountToken } from './service-account-token.ts'
import { startTestbed, type Testbed } from './testbed.ts'
import { waitUntil } from './wait-until.ts'

/** What the global setup passes to the tests. */
export interface TestbedInfo {
  readonly url: string
  readonly caFile: string
  readonly ca: string
  readonly folder: string
  readonly auditLog: string
  readonly programs: ComponentPaths
  readonly tokens: Readonly<Record<string, string>>
  readonly kubeconfigs: Readonly<Record<string, string>>
}

/** Addresses and credentials of a running testbed. */
export const toTestbedInfo = ({ controlPlane, folder, programs }: Testbed): TestbedInfo => ({
  url: controlPlane.url,
  caFile: controlPlane.caFile,
  ca: controlPlane.ca,
  folder: folder.path,
  auditLog: controlPlane.auditLog,
  programs,
  tokens: controlPlane.tokens,
  kubeconfigs: controlPlane.kubeconfigs,
})

/** The control plane that all cluster tests share; namespaces keep them apart. */
export interface SharedTestbed {
  readonly url: string
  readonly caFile: string
  readonly ca: string
  readonly adminToken: string
  readonly auditLog: string
  readonly programs: ComponentPaths
  /** Paths of this run's folder; it is removed at the end. */
  readonly path: (...parts: readonly string[]) => string
  readonly token: (user: string) => string
  readonly kubeconfig: (user: string) => string
  readonly serviceAccountToken: (namespace: string, name: string) => Promise<string>
  readonly kubectl: Kubectl
  /** One request as a user of the testbed, admin when left out. */
  readonly api: (apiRequest: TestApiRequest, user?: string) => Promise<TestApiResponse>
  /** Creates a namespace in which pods can be created; its name starts with the prefix. */
  readonly newNamespace: (prefix?: string) => Promise<string>
  /**
   * Starts a control plane of its own, for outages and for cluster-scoped objects; the caller
   * closes it.
   */
  readonly startOwnTestbed: (options?: OwnTestbedOptions) => Promise<Testbed>
}

interface OwnTestbedOptions {
  readonly users?: Readonly<Record<string, readonly string[]>>
  readonly crds?: boolean
}

function requireUserValue(values: Readonly<Record<string, string>>, user: string): string {
  const value = values[user]
  if (value === undefined) throw new Error(`${user}: the testbed has no such user`)
  return value
}

/** The interface for tests of a running testbed. */
export function connectTestbed(info: TestbedInfo): SharedTestbed {
  const access = (user: string): ApiAccess => ({
    url: info.url,
    ca: info.ca,
    token: requireUserValue(info.tokens, user),
  })
  const kubeconfig = (user: string): string => requireUserValue(info.kubeconfigs, user)
  return {
    url: info.url,
    caFile: info.caFile,
    ca: info.ca,
    adminToken: requireUserValue(info.tokens, 'admin'),
    auditLog: info.auditLog,
    programs: info.programs,
    path: (...parts) => join(info.folder, ...parts),
    token: (user) => requireUserValue(info.tokens, user),
    kubeconfig,
    serviceAccountToken: (namespace, name) =>
      requestServiceAccountToken(access('admin'), { namespace, name }),
    kubectl: createKubectl({
      program: info.programs.kubectl,
      cacheFolder: join(info.folder, 'kube-cache'),
      kubeconfig,
    }),
    api: (apiRequest, user = 'admin') => sendTestApiRequest(access(user), apiRequest),
    newNamespace: (prefix = 'test') => newNamespace(access('admin'), prefix),
    startOwnTestbed: (options = {}) =>
      startTestbed({ programs: info.programs, log: () => undefined, ...options }),
  }
}

const READY_WITHIN_MS = 60_000

async function newNamespace(access: ApiAccess, prefix: string): Promise<string> {
  const response = await sendTestApiRequest(access, {
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { generateName: `${prefix}-` } },
  })
  if (response.status !== 201) throw new Error(`no namespace: ${response.text}`)
  const { metadata } = JSON.parse(response.text) as { metadata: { name: string } }
  await waitUntil({
    what: `service account of ${metadata.name}`,
    withinMs: READY_WITHIN_MS,
    look: async () => {
      const path = `/api/v1/namespaces/${metadata.name}/serviceaccounts/default`
      return (await sendTestApiRequest(access, { path })).status === 200 || undefined
    },
  })
  return metadata.name
}
