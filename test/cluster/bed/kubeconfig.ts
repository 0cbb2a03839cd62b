import { stringify } from 'yaml'
import { omitUndefined } from '../../../std/omit-undefined.ts'

interface Access {
  readonly url: string
  readonly caFile: string
  readonly user: string
  readonly token: string
  readonly namespace?: string
}

/** A kubeconfig with one cluster and one user, context `neco-bed`. */
export function kubeconfigText({ url, caFile, user, token, namespace }: Access): string {
  const context = { cluster: 'neco-bed', user, ...omitUndefined({ namespace }) }
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'neco-bed', cluster: { server: url, 'certificate-authority': caFile } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'neco-bed', context }],
    'current-context': 'neco-bed',
  })
}
