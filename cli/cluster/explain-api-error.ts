import { KINDS } from '../../crds/generators/to-crd.ts'
import { API_GROUP } from '../../crds/names.ts'
import type { ApiClient } from '../../kube/client/api-client.ts'
import { ApiError } from '../../kube/client/api-error.ts'
import { checkApiServer, INSTALL_CRDS } from '../../operator/cluster/preflight/check-api-server.ts'
import { InputError } from '../input-error.ts'

interface ClusterLocation {
  /** The API server and the context, for messages. */
  readonly server: string
  readonly namespace: string
}

/** An API server that does not answer within this time counts as unreachable: a user waits. */
const TIMEOUT_MS = 10_000

/** The message of an API error without its request. */
export const stripRequestPrefix = ({ message }: ApiError): string =>
  message.replace(/^[A-Z]+ \/\S+: (\d{3} )?/, '')

/**
 * A resource that is not served gets a 404 without a Status, unlike an object that does not exist.
 */
const isNotServed = ({ status, reason, message }: ApiError): boolean =>
  status === 404 && reason === 'HTTP404' && message.includes(`/apis/${API_GROUP}/`)

const isUnknownField = ({ message }: ApiError): boolean =>
  message.includes('field not declared in schema') || message.includes('unknown field')

/** What is wrong with the CRDs, if anything is. */
async function findCrdProblem(api: ApiClient, namespace: string): Promise<string | undefined> {
  const check = await checkApiServer({ api, namespaces: [namespace] })
  return check.state === 'Refused' ? check.message : undefined
}

/**
 * For users who may not read CRDs. The manifest was validated before it was sent, so a field that
 * the server does not know is missing in its CRD.
 */
function explainUnknownField(error: ApiError): string | undefined {
  const kind = KINDS.find(({ plural }) => error.message.includes(`/${plural}/`))
  if (kind === undefined || !isUnknownField(error)) return undefined
  const crd = `${kind.plural}.${API_GROUP}`
  return `the CRD ${crd} is of another release than this neco (${stripRequestPrefix(error)}): ${INSTALL_CRDS}`
}

/** What the user can do about a failure that names its cause. */
function explainStatus(error: ApiError, namespace: string): string | undefined {
  const apiMessage = stripRequestPrefix(error)
  const { status, code, reason } = error
  if (status === 401) {
    return `the API server does not know who this is: renew the credentials (${apiMessage})`
  }
  if (status === 403 && code === 'NamespaceTerminating') {
    return `${apiMessage}: wait until it is gone, or give another --namespace`
  }
  if (status === 403) {
    return `${apiMessage}; ask for the role view (to read) or edit (to run) in namespace ${namespace}`
  }
  if (status !== 0 || reason === 'Aborted') return undefined
  return `the API server cannot be reached (${apiMessage}): is it up, and is this the right --context?`
}

async function findApiProblem(error: ApiError, api: ApiClient, namespace: string) {
  if (!isNotServed(error) && !isUnknownField(error)) return undefined
  return (await findCrdProblem(api, namespace)) ?? explainUnknownField(error)
}

/** A failed request as InputError with a remedy; an error without one is returned as it is. */
async function toExplainedError(
  error: unknown,
  api: ApiClient,
  { server: location, namespace }: ClusterLocation,
) {
  if (!(error instanceof ApiError)) return error
  const text = explainStatus(error, namespace) ?? (await findApiProblem(error, api, namespace))
  return text === undefined ? error : new InputError([`${location}: ${text}`], { cause: error })
}

/**
 * A client whose requests fail with InputError where the user has a remedy: the server is
 * unreachable, the credentials or a permission are missing, or the CRDs. Streams fail as before.
 */
export const createExplainingClient = (api: ApiClient, location: ClusterLocation): ApiClient => ({
  request: async (request) => {
    try {
      return await api.request({ timeoutMs: TIMEOUT_MS, ...request })
    } catch (error) {
      throw await toExplainedError(error, api, location)
    }
  },
  stream: (request) => api.stream(request),
  close: () => api.close(),
})
