import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadKubeConfig, readPodNamespace } from './load-kube-config.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const buildKubeConfigText = (name: string, current = name): string =>
  JSON.stringify({
    clusters: [{ name, cluster: { server: `https://${name}.example:6443` } }],
    users: [{ name, user: { token: 'x' } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': current,
  })

async function writeKubeConfigFile(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, text)
  return path
}

const load = (
  change: { file?: string; context?: string; environment?: Record<string, string> } = {},
) =>
  loadKubeConfig({
    environment: {},
    homeFolder: folder,
    serviceAccountFolder: join(folder, 'account'),
    ...change,
  })

const readServer = (read: ReturnType<typeof load>): string | undefined =>
  read.ok ? read.kubeConfig.getCurrentCluster()?.server : read.problem

describe('the cluster to work in', () => {
  test('is that of the flag, then of KUBECONFIG, then of the pod, then of the home folder', async () => {
    await writeKubeConfigFile('.kube/config', buildKubeConfigText('usual'))
    expect(readServer(load())).toBe('https://usual.example:6443')
    await writeKubeConfigFile('account/token', 'x')
    const pod = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }
    expect(readServer(load({ environment: pod }))).toBe('https://[fd00::1]:6443')
    const set = { ...pod, KUBECONFIG: await writeKubeConfigFile('set', buildKubeConfigText('set')) }
    expect(readServer(load({ environment: set }))).toBe('https://set.example:6443')
    const file = await writeKubeConfigFile('asked', buildKubeConfigText('asked'))
    expect(readServer(load({ environment: set, file }))).toBe('https://asked.example:6443')
  })

  test('is chosen by context from all files of KUBECONFIG', async () => {
    const files = [
      await writeKubeConfigFile('a', buildKubeConfigText('a')),
      await writeKubeConfigFile('b', buildKubeConfigText('b')),
    ]
    const environment = { KUBECONFIG: files.join(delimiter) }
    expect(readServer(load({ environment }))).toBe('https://a.example:6443')
    expect(readServer(load({ environment, context: 'b' }))).toBe('https://b.example:6443')
  })

  test('is missing with a sentence that says where it was looked for', () => {
    expect(readServer(load())).toBe(
      `no kubeconfig: this is no pod with a service account, KUBECONFIG is not set and ${join(folder, '.kube/config')} does not exist; give a file by --kubeconfig`,
    )
  })

  test('is refused where the file is missing, broken or without that context', async () => {
    const absent = join(folder, 'absent')
    expect(readServer(load({ file: absent }))).toBe(
      `${absent}: no such kubeconfig; give another by --kubeconfig`,
    )
    const broken = await writeKubeConfigFile('broken', '{')
    expect(readServer(load({ file: broken }))).toMatch(/broken: no valid kubeconfig: /)
    const file = await writeKubeConfigFile('one', buildKubeConfigText('one', ''))
    expect(readServer(load({ file }))).toBe(
      `${file} names no current context; give one by --context: one`,
    )
    expect(readServer(load({ file, context: 'two' }))).toBe(
      `${file} has no context two; give one by --context: one`,
    )
  })
})

test('the namespace of the pod is that of its account, and there is none elsewhere', async () => {
  const serviceAccountFolder = join(folder, 'account')
  const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1' }
  expect(readPodNamespace({ environment, serviceAccountFolder })).toBeUndefined()
  await writeKubeConfigFile('account/token', 'x')
  expect(readPodNamespace({ environment, serviceAccountFolder })).toBeUndefined()
  await writeKubeConfigFile('account/namespace', 'team\n')
  expect(readPodNamespace({ environment, serviceAccountFolder })).toBe('team')
  expect(readPodNamespace({ environment: {}, serviceAccountFolder })).toBeUndefined()
})
