import { type ApiAccess, sendTestApiRequest } from './api-request.ts'

interface ServiceAccountKey {
  readonly namespace: string
  readonly name: string
}

const LIVES_SECONDS = 36_000

/**
 * A token of a service account, valid for ten hours, as pods get one. Throws for an unknown
 * account.
 */
export async function requestServiceAccountToken(
  access: ApiAccess,
  { namespace, name }: ServiceAccountKey,
): Promise<string> {
  const response = await sendTestApiRequest(access, {
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: LIVES_SECONDS },
    },
  })
  if (response.status !== 201) throw new Error(`${namespace}/${name}: no token: ${response.text}`)
  return (JSON.parse(response.text) as { status: { token: string } }).status.token
}
