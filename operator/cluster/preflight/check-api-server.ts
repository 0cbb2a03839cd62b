import { buildCrd, KINDS } from '../../../crds/generators/to-crd.ts'
import { API_GROUP, API_GROUP_VERSION, API_VERSION } from '../../../crds/names.ts'
import type { ApiClient } from '../../../kube/client/api-client.ts'
import { ApiError } from '../../../kube/client/api-error.ts'
import { readApiPath } from '../../../kube/client/read-object.ts'
import { buildCollectionPath } from '../../../kube/client/resource-path.ts'
import { findMissingFields } from './missing-fields.ts'

/**
 * Refused: starting again changes nothing until somebody does what the message says. Away: it can
 * be tried again.
 */
export type ApiCheckResult =
  | { readonly state: 'Ready' }
  | { readonly state: 'Away' | 'Refused'; readonly message: string }

interface ApiCheckOptions {
  readonly api: ApiClient
  /** Those that are watched; all where empty. */
  readonly namespaces: readonly string[]
}

/** What to do about CRDs that are missing or of another release. */
export const INSTALL_CRDS =
  'install those of this version: helm upgrade --install with the chart neco-operator, or kubectl apply --server-side -f crds/generated/'

class PreflightRefusal extends Error {}

const getPath = (api: ApiClient, path: string, query = {}): Promise<unknown> =>
  api.request({ method: 'GET', path, query })

interface ApiGroup {
  readonly versions: readonly { readonly version: string }[]
}
interface ApiResourceList {
  readonly resources: readonly { readonly name: string }[]
}

async function checkVersions({ api }: ApiCheckOptions): Promise<void> {
  const group = (await readApiPath(api, `/apis/${API_GROUP}`)) as ApiGroup | undefined
  const crds = KINDS.map(({ plural }) => `${plural}.${API_GROUP}`).join(' and ')
  if (group === undefined) {
    throw new PreflightRefusal(
      `the CRDs of ${API_GROUP} (${crds}) are not installed: ${INSTALL_CRDS}`,
    )
  }
  const served = group.versions.map(({ version }) => version)
  if (!served.includes(API_VERSION)) {
    const versions = served.join(', ')
    throw new PreflightRefusal(
      `the CRDs of ${API_GROUP} (${crds}) are of another version (${versions}, not ${API_VERSION}): ${INSTALL_CRDS}`,
    )
  }
  const { resources } = (await getPath(api, `/apis/${API_GROUP_VERSION}`)) as ApiResourceList
  const names = new Set(resources.map(({ name }) => name))
  const missing = KINDS.filter(({ plural }) => !names.has(plural) || !names.has(`${plural}/status`))
  if (missing.length === 0) return
  const absent = missing.map(({ plural }) => `${plural}.${API_GROUP}`).join(', ')
  throw new PreflightRefusal(`missing CRDs: ${absent}; ${INSTALL_CRDS}`)
}

async function checkPermissions({ api, namespaces }: ApiCheckOptions): Promise<void> {
  const scopes = namespaces.length === 0 ? [undefined] : namespaces
  for (const { kind, plural } of KINDS) {
    const resource = { apiVersion: API_GROUP_VERSION, kind, plural }
    for (const scope of scopes) {
      const path = buildCollectionPath(resource, scope)
      await getPath(api, path, { limit: 1 }).catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.status !== 403) throw error
        const where = scope === undefined ? 'all namespaces' : `namespace ${scope}`
        throw new PreflightRefusal(
          `this account may not list ${plural} in ${where}: bind the role of the chart to it, or set watchNamespaces (${error.message})`,
        )
      })
    }
  }
}

/**
 * Fields that this operator writes or reads and that the CRDs of an older release do not have. Not
 * looked at where the account may not read CRDs.
 */
async function checkFields({ api }: ApiCheckOptions): Promise<void> {
  for (const kind of KINDS) {
    const name = `${kind.plural}.${API_GROUP}`
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`
    const installed = await readApiPath(api, path).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 403) return undefined
      throw error
    })
    const missing = installed === undefined ? [] : findMissingFields(buildCrd(kind), installed)
    if (missing.length === 0) continue
    const shown = missing.slice(0, 3).join(', ')
    const more = missing.length > 3 ? ` and ${missing.length - 3} more` : ''
    throw new PreflightRefusal(
      `the CRD ${name} is of an older release, without ${shown}${more}: ${INSTALL_CRDS}`,
    )
  }
}

function toApiCheckResult(error: unknown): ApiCheckResult {
  if (error instanceof PreflightRefusal) return { state: 'Refused', message: error.message }
  if (!(error instanceof ApiError)) throw error
  const { status, message } = error
  if (status === 401) {
    return {
      state: 'Refused',
      message: `the API server does not know who this is: renew the credentials in the kubeconfig (${message})`,
    }
  }
  if (status === 403) {
    return { state: 'Refused', message: `this account lacks a right: ${message}` }
  }
  return { state: 'Away', message }
}

/**
 * Whether the API server is there, knows us, has our kinds in this version, and lets us list them.
 */
export async function checkApiServer(options: ApiCheckOptions): Promise<ApiCheckResult> {
  try {
    await checkVersions(options)
    await checkPermissions(options)
    await checkFields(options)
    return { state: 'Ready' }
  } catch (error) {
    return toApiCheckResult(error)
  }
}
