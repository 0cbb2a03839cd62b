import type { V1Volume } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import type { KeyedObjects } from './keyed-objects.ts'
import { listVolumeFiles } from './volume-files.ts'

const placed = {
  pod: {
    metadata: { name: 'pod', namespace: 'study', uid: 'uid-1', labels: { b: '2', a: 'one "1"' } },
    spec: { containers: [] },
  },
  podIp: '127.64.0.1',
  hostIp: '127.0.0.1',
}
const objects: KeyedObjects = {
  namespace: 'study',
  configMaps: new Map([
    [
      'config',
      new Map([
        ['run-config.json', Buffer.from('{}')],
        ['other', Buffer.from('o')],
      ]),
    ],
  ]),
  secrets: new Map([['bus', new Map([['user.creds', Buffer.from([0, 255])]])]]),
  claims: new Map(),
  tokens: new Map([['api/token', 'a token']]),
}
const buildVolumeFiles = (volume: Omit<V1Volume, 'name'>) =>
  listVolumeFiles({ name: 'api', ...volume }, { placed, objects })
const file = (path: string, content: string | Buffer, mode = 0o644) => ({
  path,
  content: Buffer.from(content),
  mode,
})

describe('the files of a volume', () => {
  it('are all keys of a config map, or those that are named', () => {
    expect(buildVolumeFiles({ configMap: { name: 'config' } })).toEqual({
      ok: true,
      value: [file('run-config.json', '{}'), file('other', 'o')],
    })
    const items = [{ key: 'run-config.json', path: 'deep/config', mode: 0o600 }]
    expect(buildVolumeFiles({ configMap: { name: 'config', items } })).toEqual({
      ok: true,
      value: [file('deep/config', '{}', 0o600)],
    })
  })

  it('are the bytes of a secret, with its mode', () => {
    expect(buildVolumeFiles({ secret: { secretName: 'bus', defaultMode: 0o400 } })).toEqual({
      ok: true,
      value: [file('user.creds', Buffer.from([0, 255]), 0o400)],
    })
  })

  it('are fields of the pod, labels one a line', () => {
    const items = [
      { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
      { path: 'uid', fieldRef: { fieldPath: 'metadata.uid' } },
    ]
    expect(buildVolumeFiles({ downwardAPI: { items } })).toEqual({
      ok: true,
      value: [file('labels', 'a="one \\"1\\""\nb="2"'), file('uid', 'uid-1')],
    })
  })

  it('are put together in a projected volume, as a service account has one', () => {
    const sources = [
      { serviceAccountToken: { path: 'token' } },
      { secret: { name: 'bus' } },
      { configMap: { name: 'config', items: [{ key: 'other', path: 'other' }] } },
    ]
    expect(buildVolumeFiles({ projected: { defaultMode: 0o440, sources } })).toEqual({
      ok: true,
      value: [
        file('token', 'a token'),
        file('user.creds', Buffer.from([0, 255]), 0o440),
        file('other', 'o', 0o440),
      ],
    })
  })

  it('wait for what is missing, unless it is optional', () => {
    expect(buildVolumeFiles({ secret: { secretName: 'none' } })).toEqual({
      ok: false,
      message: 'secret "none" not found',
    })
    const items = [{ key: 'none', path: 'none' }]
    expect(buildVolumeFiles({ configMap: { name: 'config', items } })).toEqual({
      ok: false,
      message: 'references non-existent config key: none',
    })
    expect(buildVolumeFiles({ secret: { secretName: 'none', optional: true } })).toEqual({
      ok: true,
      value: [],
    })
  })

  it('are undefined for a volume of another kind', () => {
    expect(buildVolumeFiles({ emptyDir: {} })).toBeUndefined()
  })
})
