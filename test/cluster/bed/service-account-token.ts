import { type ApiAccess, askApi } from './api-request.ts'

interface Account {
  readonly namespace: string
  readonly name: string
}

const LIVES_SECONDS = 36_000

/** A token of a service account, valid for ten hours, as a pod of it would get one. Throws when there is no such account. */
export async function askServiceAccountToken(
  access: ApiAccess,
  { namespace, name }: Account,
): Promise<string> {
  const answer = await askApi(access, {
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: LIVES_SECONDS },
    },
  })
  if (answer.status !== 201) throw new Error(`${namespace}/${name}: no token: ${answer.text}`)
  return (JSON.parse(answer.text) as { status: { token: string } }).status.token
}
