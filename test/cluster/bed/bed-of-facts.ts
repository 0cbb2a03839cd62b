import { join } from 'node:path'
import { type ApiAccess, type ApiAnswer, type ApiAsk, askApi } from './api-request.ts'
import { type Bed, startBed } from './bed.ts'
import type { ComponentPaths } from './ensure-components.ts'
import { type Kubectl, makeKubectl } from './kubectl.ts'
import { askServiceAccountToken } from './service-account-token.ts'
import { waitUntil } from './wait-until.ts'

/** What the set-up of a run of the cluster tests tells the tests. */
export interface BedFacts {
  readonly url: string
  readonly caFile: string
  readonly ca: string
  readonly folder: string
  readonly auditLog: string
  readonly programs: ComponentPaths
  readonly tokens: Readonly<Record<string, string>>
  readonly kubeconfigs: Readonly<Record<string, string>>
}

/** What others must know to use a bed that runs. */
export const factsOf = ({ controlPlane, folder, programs }: Bed): BedFacts => ({
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
export interface SharedBed {
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
  /** One request as a user of the bed, admin when left out. */
  readonly api: (ask: ApiAsk, user?: string) => Promise<ApiAnswer>
  /** A new namespace in which pods can be made; its name starts with the prefix. */
  readonly newNamespace: (prefix?: string) => Promise<string>
  /** A control plane of one's own, for outages and for what is not namespaced; whoever starts it closes it. */
  readonly ownBed: (options?: OwnBed) => Promise<Bed>
}

interface OwnBed {
  readonly users?: Readonly<Record<string, readonly string[]>>
  readonly crds?: boolean
}

function named(values: Readonly<Record<string, string>>, user: string): string {
  const value = values[user]
  if (value === undefined) throw new Error(`${user}: the bed has no user of that name`)
  return value
}

/** A bed with a face for tests, by what is known of it. */
export function bedOf(facts: BedFacts): SharedBed {
  const access = (user: string): ApiAccess => ({
    url: facts.url,
    ca: facts.ca,
    token: named(facts.tokens, user),
  })
  const kubeconfig = (user: string): string => named(facts.kubeconfigs, user)
  return {
    url: facts.url,
    caFile: facts.caFile,
    ca: facts.ca,
    adminToken: named(facts.tokens, 'admin'),
    auditLog: facts.auditLog,
    programs: facts.programs,
    path: (...parts) => join(facts.folder, ...parts),
    token: (user) => named(facts.tokens, user),
    kubeconfig,
    serviceAccountToken: (namespace, name) =>
      askServiceAccountToken(access('admin'), { namespace, name }),
    kubectl: makeKubectl({
      program: facts.programs.kubectl,
      cacheFolder: join(facts.folder, 'kube-cache'),
      kubeconfig,
    }),
    api: (ask, user = 'admin') => askApi(access(user), ask),
    newNamespace: (prefix = 'test') => newNamespace(access('admin'), prefix),
    ownBed: (options = {}) =>
      startBed({ programs: facts.programs, log: () => undefined, ...options }),
  }
}

const READY_WITHIN_MS = 60_000

async function newNamespace(access: ApiAccess, prefix: string): Promise<string> {
  const made = await askApi(access, {
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { generateName: `${prefix}-` } },
  })
  if (made.status !== 201) throw new Error(`no namespace: ${made.text}`)
  const { metadata } = JSON.parse(made.text) as { metadata: { name: string } }
  await waitUntil({
    what: `service account of ${metadata.name}`,
    withinMs: READY_WITHIN_MS,
    look: async () => {
      const path = `/api/v1/namespaces/${metadata.name}/serviceaccounts/default`
      return (await askApi(access, { path })).status === 200 || undefined
    },
  })
  return metadata.name
}
