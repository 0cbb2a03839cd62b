import { API_GROUP } from '../../crds/names.ts'
import { KINDS } from '../../crds/to-crd.ts'
import type { ApiClient } from '../../operator/cluster/api-client.ts'
import { ApiError } from '../../operator/cluster/api-error.ts'
import { checkApiServer, INSTALL_CRDS } from '../../operator/cluster/preflight/check-api-server.ts'
import { InputError } from '../input-error.ts'

interface Place {
  /** The API server and the context, for messages. */
  readonly place: string
  readonly namespace: string
}

/** A person waits: an API server that says nothing for this long is away. */
const TIMEOUT_MS = 10_000

/** What an API server said, without the request that it said it to. */
export const saidBy = ({ message }: ApiError): string =>
  message.replace(/^[A-Z]+ \/\S+: (\d{3} )?/, '')

/** A path of ours that is not served at all is answered by no Status, other than an object that is not there. */
const isUnserved = ({ status, reason, message }: ApiError): boolean =>
  status === 404 && reason === 'HTTP404' && message.includes(`/apis/${API_GROUP}/`)

const isUnknownField = ({ message }: ApiError): boolean =>
  message.includes('field not declared in schema') || message.includes('unknown field')

/** What is wrong with the CRDs, if anything is. */
async function complaintOfCrds(api: ApiClient, namespace: string): Promise<string | undefined> {
  const check = await checkApiServer({ api, namespaces: [namespace] })
  return check.state === 'Refused' ? check.message : undefined
}

/** For who may not read CRDs: a manifest that is sent was checked, so what the server does not know is missing there. */
function unknownField(error: ApiError): string | undefined {
  const kind = KINDS.find(({ plural }) => error.message.includes(`/${plural}/`))
  if (kind === undefined || !isUnknownField(error)) return undefined
  const crd = `${kind.plural}.${API_GROUP}`
  return `the CRD ${crd} is of another release than this neco (${saidBy(error)}): ${INSTALL_CRDS}`
}

/** What a person can do about a failure that says itself what is wrong. */
function remedyFor(error: ApiError, namespace: string): string | undefined {
  const said = saidBy(error)
  const { status, code, reason } = error
  if (status === 401) {
    return `the API server does not know who this is: renew the credentials (${said})`
  }
  if (status === 403 && code === 'NamespaceTerminating') {
    return `${said}: wait until it is gone, or give another --namespace`
  }
  if (status === 403) {
    return `${said}; ask for the role view (to read) or edit (to run) in namespace ${namespace}`
  }
  if (status !== 0 || reason === 'Aborted') return undefined
  return `the API server cannot be reached (${said}): is it up, and is this the right --context?`
}

async function complaintOf(error: ApiError, api: ApiClient, namespace: string) {
  if (!isUnserved(error) && !isUnknownField(error)) return undefined
  return (await complaintOfCrds(api, namespace)) ?? unknownField(error)
}

/** The failure of a request as a line for the person who typed; what no line helps with is given back as it is. */
async function explained(error: unknown, api: ApiClient, { place, namespace }: Place) {
  if (!(error instanceof ApiError)) return error
  const text = remedyFor(error, namespace) ?? (await complaintOf(error, api, namespace))
  return text === undefined ? error : new InputError([`${place}: ${text}`], { cause: error })
}

/** A client whose requests fail with InputError where the person who typed can do something: the server is away, does not know them, lacks a right or our CRDs. Streams fail as they did. */
export const explainingClient = (api: ApiClient, place: Place): ApiClient => ({
  request: async (request) => {
    try {
      return await api.request({ timeoutMs: TIMEOUT_MS, ...request })
    } catch (error) {
      throw await explained(error, api, place)
    }
  },
  stream: (request) => api.stream(request),
  close: () => api.close(),
})
