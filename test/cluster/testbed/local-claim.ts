import { mkdir } from 'node:fs/promises'
import type { Kubectl } from './kubectl.ts'

interface Claim {
  readonly namespace: string
  readonly name: string
  /** Folder that the volume is; made if it is not there. */
  readonly path: string
  readonly accessMode?: 'ReadWriteMany' | 'ReadWriteOnce'
}

/** Makes a volume of a folder, and a claim bound to it. Throws with what kubectl said. */
export async function makeLocalClaim(kubectl: Kubectl, claim: Claim): Promise<void> {
  const { namespace, name, path, accessMode = 'ReadWriteMany' } = claim
  await mkdir(path, { recursive: true })
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `${namespace}-${name}` },
    spec: {
      capacity: { storage: '100Gi' },
      accessModes: [accessMode],
      storageClassName: '',
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path },
      claimRef: { namespace, name },
    },
  }
  const bound = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace, name },
    spec: {
      accessModes: [accessMode],
      storageClassName: '',
      volumeName: volume.metadata.name,
      resources: { requests: { storage: '100Gi' } },
    },
  }
  const list = { apiVersion: 'v1', kind: 'List', items: [volume, bound] }
  await kubectl.ok(['apply', '-f', '-'], { input: JSON.stringify(list) })
  await kubectl.ok([
    'wait',
    ...['-n', namespace, `pvc/${name}`, '--timeout=60s'],
    '--for=jsonpath={.status.phase}=Bound',
  ])
}
