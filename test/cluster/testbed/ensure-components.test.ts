import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { COMPONENTS } from './components.ts'
import { ensureComponents, missingComponents } from './ensure-components.ts'

const names = Object.keys(COMPONENTS).sort()

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'neco-ensure-'))
  vi.stubEnv('NECO_TEST_CACHE', join(root, 'cache'))
  vi.stubEnv('KUBEBUILDER_ASSETS', '')
  vi.stubEnv('PATH', root)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(root, { recursive: true, force: true })
})

/** A compiler that records each call and builds programs that only print their version. */
async function fakeGo(failsAt?: string): Promise<string> {
  const cases = Object.values(COMPONENTS).map(
    (component) => `${component.package}) version=${component.version} ;;`,
  )
  const script = `#!/bin/sh
echo "$*" >> ${join(root, 'calls')}
while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done
[ "$1" = "${failsAt}" ] && { echo half > "$out"; echo 'syntax error' >&2; exit 1; }
case $1 in ${cases.join('\n')} esac
printf '#!/bin/sh\\necho version %s\\n' "$version" > "$out"
/bin/chmod +x "$out"
`
  await writeFile(join(root, 'go'), script)
  await chmod(join(root, 'go'), 0o755)
  return join(root, 'calls')
}

test('a missing program is built once, also for two runs at the same time, and is found by the next', async () => {
  const calls = await fakeGo()
  const logLines: string[] = []
  const both = await Promise.all([1, 2].map(() => ensureComponents((line) => logLines.push(line))))
  const third = await ensureComponents((line) => logLines.push(`third: ${line}`))
  const paths = Object.fromEntries(names.map((name) => [name, join(root, 'cache', name)]))
  for (const ensured of [...both, third]) expect(ensured).toEqual({ kind: 'Ready', paths })
  expect((await readFile(calls, 'utf8')).trim().split('\n')).toHaveLength(names.length)
  expect((await readdir(join(root, 'cache'))).sort()).toEqual(names)
  expect(logLines[0]).toMatch(/^building 9 programs with Go into .*: once, \d+ minutes/)
  expect(logLines.filter((line) => line.startsWith('third'))).toEqual([])
})

test('a program that cannot be built is named, no partial file is left, and the next run resumes there', async () => {
  await fakeGo(COMPONENTS['kube-scheduler'].package)
  await expect(ensureComponents(() => undefined)).rejects.toThrow(
    /kube-scheduler.*\n.*syntax error/,
  )
  const left = await readdir(join(root, 'cache'))
  expect(left.sort()).toEqual(['etcd', 'kube-apiserver', 'kube-controller-manager', 'nats-server'])
  const calls = await fakeGo()
  await rm(calls)
  expect((await ensureComponents(() => undefined)).kind).toBe('Ready')
  const rest = (await readFile(calls, 'utf8')).trim().split('\n')
  expect(rest).toHaveLength(names.length - left.length)
})

test('without Go each missing program is named with its version and its source', async () => {
  const lines = await missingComponents()
  expect(lines).toHaveLength(1 + names.length)
  expect(lines[0]).toContain('Go 1.26')
  expect(lines).toContainEqual(expect.stringMatching(/nats-server 2\.15\.2: github\.com/))
  expect(await ensureComponents(() => undefined)).toEqual({ kind: 'Missing', lines })
})
