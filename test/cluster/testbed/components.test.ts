import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { COMPONENTS, isSameVersion } from './components.ts'
import { findComponent } from './find-component.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'neco-components-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(root, { recursive: true, force: true })
})

async function program(folder: string, name: string, versionOutput: string): Promise<string> {
  await mkdir(join(root, folder), { recursive: true })
  const path = join(root, folder, name)
  await writeFile(path, `#!/bin/sh\necho '${versionOutput}'\n`)
  await chmod(path, 0o755)
  return path
}

test.for([
  ['kubectl', 'Client Version: v1.36.9\nKustomize Version: v5.5.0', true],
  ['kubectl', 'Client Version: v1.32.4-dispatcher\nKustomize Version: v5.5.0', false],
  ['kube-apiserver', 'Kubernetes v1.36.3', true],
  ['etcd', 'etcd Version: 3.6.8\nGit SHA: Not provided', true],
  ['etcd', 'etcd Version: 3.4.23', false],
  ['nats-server', 'nats-server: v2.9.10', false],
  ['nats-server', 'nats-server: v2.15.2', true],
  ['prometheus', 'prometheus, version 3.2.1 (branch: HEAD)', true],
  ['prometheus', 'prometheus, version 2.42.0+ds', false],
  ['helm', 'v4.0.1+g12500dd', true],
  ['helm', 'something else', false],
] as const)('a %s that says "%s" can stand in: %s', ([name, versionOutput, same]) => {
  expect(isSameVersion(COMPONENTS[name], versionOutput)).toBe(same)
})

test('a program is taken from PATH, else from KUBEBUILDER_ASSETS, else from the cache, and another version is skipped', async () => {
  await program('path', 'etcd', 'etcd Version: 3.4.23')
  const assets = await program('assets', 'etcd', 'etcd Version: 3.6.1')
  const cached = await program('cache', 'etcd', 'etcd Version: 3.6.8')
  vi.stubEnv('PATH', join(root, 'path'))
  vi.stubEnv('NECO_TEST_CACHE', join(root, 'cache'))
  vi.stubEnv('KUBEBUILDER_ASSETS', join(root, 'assets'))
  expect(await findComponent(COMPONENTS.etcd)).toBe(assets)
  vi.stubEnv('KUBEBUILDER_ASSETS', '')
  expect(await findComponent(COMPONENTS.etcd)).toBe(cached)
  expect(await findComponent(COMPONENTS.helm)).toBeUndefined()
})
