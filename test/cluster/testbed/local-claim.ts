import { mkdir } from 'node:fs/promises'
import type { Kubectl } from './kubectl.ts'

interface Claim {
  readonly namespace: string
  readonly name: string
  /** Folder of the volume; created if it is missing. */
  readonly path: string
  readonly accessMode?: 'ReadWriteMany' | 'ReadWriteOnce'
}

/** Creates a volume from a folder, and a claim bound to it. Throws with the error of kubectl. */
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
