import { generateKeyPairSync } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { API_GROUP } from '../../../crds/names.ts'
import { makeAuthority } from './certificate.ts'
import { kubeconfigText } from './kubeconfig.ts'
import { type TokenUser, tokenFile } from './token-users.ts'

const READS = ['get', 'list', 'watch']
const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection']

/**
 * The audit log has every request once, when it is answered, but for reads of the control plane;
 * writes of our kinds with their bodies.
 */
const AUDIT_POLICY = stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [
    {
      level: 'None',
      users: ['system:apiserver', 'system:kube-controller-manager', 'system:kube-scheduler'],
      verbs: READS,
    },
    { level: 'None', userGroups: ['system:serviceaccounts:kube-system'], verbs: READS },
    { level: 'None', nonResourceURLs: ['/*'] },
    { level: 'Request', verbs: WRITES, resources: [{ group: API_GROUP }] },
    { level: 'Metadata' },
  ],
})

/** Where the programs of a control plane find what they share. */
export interface ControlPlaneFiles {
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
  readonly serviceAccountKey: string
  readonly serviceAccountPublicKey: string
  readonly tokens: string
  readonly auditPolicy: string
  readonly auditLog: string
  readonly etcdData: string
}

const listControlPlaneFiles = (folder: string): ControlPlaneFiles => ({
  caFile: join(folder, 'ca.crt'),
  certFile: join(folder, 'api.crt'),
  keyFile: join(folder, 'api.key'),
  serviceAccountKey: join(folder, 'service-account.key'),
  serviceAccountPublicKey: join(folder, 'service-account.pub'),
  tokens: join(folder, 'tokens.csv'),
  auditPolicy: join(folder, 'audit-policy.yaml'),
  auditLog: join(folder, 'audit.ndjson'),
  etcdData: join(folder, 'etcd'),
})

interface WrittenControlPlaneFiles {
  readonly files: ControlPlaneFiles
  /** Certificate authority as PEM. */
  readonly ca: string
}

/** Writes keys, certificates, tokens and the audit policy of a new control plane into a folder. */
export async function writeControlPlaneFiles(
  folder: string,
  users: readonly TokenUser[],
): Promise<WrittenControlPlaneFiles> {
  await mkdir(folder, { recursive: true })
  const files = listControlPlaneFiles(folder)
  const authority = makeAuthority('neco-testbed')
  const hosts = ['127.0.0.1', '10.0.0.1', 'localhost', 'kubernetes.default.svc']
  const server = authority.issue('kube-apiserver', hosts)
  const account = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const texts: readonly (readonly [string, string | Buffer])[] = [
    [files.caFile, authority.certPem],
    [files.certFile, server.certPem],
    [files.keyFile, server.keyPem],
    [files.serviceAccountKey, account.privateKey.export({ type: 'pkcs8', format: 'pem' })],
    [files.serviceAccountPublicKey, account.publicKey.export({ type: 'spki', format: 'pem' })],
    [files.tokens, tokenFile(users)],
    [files.auditPolicy, AUDIT_POLICY],
  ]
  for (const [path, text] of texts) await writeFile(path, text, { mode: 0o600 })
  return { files, ca: authority.certPem }
}

interface KubeconfigServer {
  readonly url: string
  readonly caFile: string
}

/** Writes one kubeconfig a user into the folder. Gives user to path. */
export async function writeKubeconfigs(
  folder: string,
  users: readonly TokenUser[],
  access: KubeconfigServer,
): Promise<Readonly<Record<string, string>>> {
  const paths: Record<string, string> = {}
  for (const { name, token } of users) {
    const path = join(folder, `${name.replaceAll(':', '-')}.kubeconfig`)
    await writeFile(path, kubeconfigText({ ...access, user: name, token }), { mode: 0o600 })
    paths[name] = path
  }
  return paths
}
