import { stringify } from 'yaml'
import { omitUndefined } from '../../../std/omit-undefined.ts'

interface Access {
  readonly url: string
  readonly caFile: string
  readonly user: string
  readonly token: string
  readonly namespace?: string
}

/** A kubeconfig with one cluster and one user, context `neco-testbed`. */
export function kubeconfigText({ url, caFile, user, token, namespace }: Access): string {
  const context = { cluster: 'neco-testbed', user, ...omitUndefined({ namespace }) }
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'neco-testbed', cluster: { server: url, 'certificate-authority': caFile } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'neco-testbed', context }],
    'current-context': 'neco-testbed',
  })
}
