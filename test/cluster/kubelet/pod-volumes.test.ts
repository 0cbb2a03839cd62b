import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ClaimFolder, KeyedObjects } from './keyed-objects.ts'
import type { Pod } from './pod-object.ts'
import { containerMounts, makeVolumes } from './pod-volumes.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-volumes-'))
})
afterEach(() => rm(folder, { recursive: true }))

const objectsWith = (claims: Record<string, ClaimFolder>): KeyedObjects => ({
  namespace: 'default',
  configMaps: new Map(),
  secrets: new Map([['bus', new Map([['creds', Buffer.from('secret')]])]]),
  claims: new Map(Object.entries(claims)),
  tokens: new Map(),
})

const make = (spec: Partial<Pod['spec']>, claims: Record<string, ClaimFolder> = {}) => {
  const metadata = { name: 'pod', namespace: 'default', uid: 'uid' }
  const pod = { metadata, spec: { containers: [], ...spec } }
  const placed = { pod, podIp: '127.64.0.1', hostIp: '127.0.0.1' }
  return makeVolumes({ placed, objects: objectsWith(claims), folder })
}
const claimed = [{ name: 'storage', persistentVolumeClaim: { claimName: 'claim' } }]
const same = (text: string) => text

describe('the volumes of a pod', () => {
  it('are files with their mode, and an empty folder everybody may write to', async () => {
    const secret = { secretName: 'bus', defaultMode: 0o400 }
    const volumes = [
      { name: 'creds', secret },
      { name: 'scratch', emptyDir: {} },
    ]
    expect(await make({ volumes })).toMatchObject({ ok: true })
    expect(await make({ volumes })).toMatchObject({ ok: true })
    expect(await readFile(join(folder, 'creds/creds'), 'utf8')).toBe('secret')
    expect((await stat(join(folder, 'creds/creds'))).mode & 0o777).toBe(0o400)
    expect((await stat(join(folder, 'scratch'))).mode & 0o777).toBe(0o777)
  })

  it('wait for a claim that is not there, not bound, or on no path of this machine', async () => {
    expect(await make({ volumes: claimed })).toEqual({
      ok: false,
      message: 'MountVolume.SetUp failed for "storage": persistentvolumeclaim "claim" not found',
    })
    const unbound = { kind: 'Unusable', message: 'persistentvolumeclaim claim not bound' } as const
    expect(await make({ volumes: claimed }, { claim: unbound })).toMatchObject({ ok: false })
  })

  it('are mounted whole or by a part that is made when it is missing', async () => {
    const path = join(folder, 'claimed')
    const made = await make({ volumes: claimed }, { claim: { kind: 'Folder', path } })
    if (!made.ok) throw new Error(made.message)
    const volumeMounts = [
      { name: 'storage', mountPath: '/all', readOnly: true },
      { name: 'storage', mountPath: '/part', subPath: 'study/a' },
    ]
    expect(await containerMounts({ name: 'main', volumeMounts }, made.value, same)).toEqual({
      ok: true,
      value: [
        { source: path, target: '/all', readOnly: true },
        { source: join(path, 'study/a'), target: '/part', readOnly: false },
      ],
    })
    expect((await stat(join(path, 'study/a'))).isDirectory()).toBe(true)
  })
})
