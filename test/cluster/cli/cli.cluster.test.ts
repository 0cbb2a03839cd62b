import { readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildOutputPaths } from '../../../cli/local/output-folder.ts'
import { folderStorage } from '../../../pod/folder-storage.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { type CliFixture, openCliFixture } from './cli-fixture.ts'
import { installOtherCrds } from './other-crds.ts'
import { KUBECTL_NECO, runCliProcess, runNeco } from './run-neco-process.ts'

const testbed = sharedTestbed()
let fixture: CliFixture
beforeAll(async () => {
  fixture = await openCliFixture(testbed)
})
afterAll(() => fixture.close())

const readFieldText = (path: string, name = 'study') =>
  fixture.kubectl('get', 'necosweep', name, '-o', `jsonpath={${path}}`)

/** A study of another name, applied and not waited for. */
async function applied(name: string): Promise<void> {
  const args = ['--set', `metadata.name=${name}`, '--detach']
  expect(await fixture.neco('run', 'study.yaml', ...args)).toMatchObject({ exitCode: 0 })
}

/** The objects of a study in the cluster, as a home of this machine has them in its journal. */
async function copyToThisMachine(out: string): Promise<void> {
  const { state } = buildOutputPaths(join(fixture.folder, out))
  const objects = ['necosweeps', 'necoruns'].map((kind) =>
    fixture.kubectl('get', kind, '-o', 'json', '-l', 'of!=test'),
  )
  const items = (await Promise.all(objects)).flatMap(
    (text) => (JSON.parse(text) as { items: { kind: string; metadata: { name: string } }[] }).items,
  )
  const lines = items
    .filter(({ metadata }) => metadata.name.startsWith('study'))
    .map(
      (value) =>
        `${JSON.stringify({ key: `object/${value.kind}/default/${value.metadata.name}`, value })}\n`,
    )
  await folderStorage(state).put('journal.ndjson', lines.join(''))
}

describe('neco on a cluster', () => {
  test('applies a manifest, follows it to its end, and prints the table of a local run', async () => {
    let finishing: Promise<void> | undefined
    const { exitCode, stdout, stderr } = await runNeco(
      ['run', 'study.yaml', ...fixture.namespaceFlags],
      {
        cwd: fixture.folder,
        onStdout: (text) => {
          if (text.includes(`NeCoSweep study created in namespace ${fixture.namespace}\n`)) {
            finishing ??= fixture.finishSweep('study')
          }
        },
      },
    )
    await finishing
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toContain('training 8/8 steps')
    expect(stdout).toContain('runs 2/2 ended')
    expect(stdout).toContain('back end: of the test')
    const { stdout: table } = await fixture.neco('results', 'study')
    expect(stdout).toContain(table)
    await copyToThisMachine('out/study')
    for (const format of ['table', 'csv', 'json']) {
      const there = await fixture.neco('results', 'study', '--format', format)
      const namespaceFlags = await runNeco(['results', 'study', '--format', format], {
        cwd: fixture.folder,
      })
      expect(there).toEqual(namespaceFlags)
      expect(there.stdout).toContain('100')
    }
    process.stdout.write(`\n${stdout}`)
  })

  test('changes nothing by the same manifest again, and shows what the API server refuses', async () => {
    const version = await readFieldText('.metadata.resourceVersion')
    const again = await fixture.neco('run', 'study.yaml')
    expect(again).toMatchObject({ exitCode: 0, stderr: '' })
    expect(again.stdout).toContain('NeCoSweep study unchanged')
    expect(await readFieldText('.metadata.resourceVersion')).toBe(version)
    const changed = await fixture.neco('run', 'study.yaml', '--set', 'axes[0].values=[1, 2]')
    expect(changed).toMatchObject({ exitCode: 2, stdout: '' })
    expect(changed.stderr).toContain('axes cannot change while the sweep lives: make a new sweep')
    await fixture.kubectl('scale', 'necosweep', 'study', '--replicas=5')
    const conflict = await fixture.neco('run', 'study.yaml')
    expect(conflict).toMatchObject({ exitCode: 2, stdout: '' })
    expect(conflict.stderr).toMatch(/study.yaml: spec.parallelism: conflict with "kubectl"/)
    expect(conflict.stderr).toContain('--force-conflicts takes these fields over')
    const forced = await fixture.neco('run', 'study.yaml', '--force-conflicts')
    expect(forced.stdout).toContain('NeCoSweep study configured')
    expect(await readFieldText('.spec.parallelism')).toBe('2')
  })

  test('leaves the study alone at Ctrl-C, and says so', async () => {
    const name = 'left-alone'
    const args = ['run', 'study.yaml', '--set', `metadata.name=${name}`, ...fixture.namespaceFlags]
    const answer = await runNeco(args, {
      cwd: fixture.folder,
      onStdout: (text, interrupt) => {
        if (text.includes('runs 0/2 ended')) interrupt()
      },
    })
    expect(answer).toMatchObject({ exitCode: 130, stderr: '' })
    expect(answer.stdout).toContain(
      `the study goes on; follow it with: neco watch ${name} --namespace ${fixture.namespace} --kubeconfig`,
    )
    expect(await readFieldText('.spec.suspend', name)).toBe('')
  })

  test('says why a study is not accepted', async () => {
    await applied('refused')
    await fixture.rejectSweep('refused')
    expect(await fixture.neco('watch', 'refused')).toMatchObject({
      exitCode: 2,
      stderr: 'NeCoSweep refused is not accepted: StorageNotConfigured: written by the test\n',
    })
  })

  test('suspends, resumes and stops a study', async () => {
    await applied('paused')
    const suspended = await fixture.neco('suspend', 'paused')
    expect(suspended.stdout).toMatch(
      /^NeCoSweep paused: suspended; neco resume paused --namespace .* goes on with it\n$/,
    )
    expect(await readFieldText('.spec.suspend', 'paused')).toBe('true')
    expect((await fixture.neco('stop', 'paused')).stdout).toContain('was suspended already')
    const shown = await fixture.neco('watch', 'paused')
    expect(shown.stdout).toContain('NeCoSweep paused is suspended\n')
    const resumed = await fixture.neco('resume', 'paused')
    expect(resumed.stdout).toMatch(/^NeCoSweep paused: resumed; neco watch paused .* shows it\n$/)
    expect(await readFieldText('.spec.suspend', 'paused')).toBe('')
  })

  test('is found by kubectl as its plugin', async () => {
    const bin = join(fixture.folder, 'kubectl-neco')
    await symlink(KUBECTL_NECO, bin)
    const path = [fixture.folder, dirname(process.execPath), process.env['PATH']].join(delimiter)
    const kubectl = testbed.programs.kubectl
    const plugin = (...args: string[]) =>
      runCliProcess(kubectl, ['neco', ...args], {
        cwd: fixture.folder,
        environment: { PATH: path, KUBECONFIG: testbed.kubeconfig('admin') },
      })
    const { stdout: table } = await fixture.neco('results', 'study')
    expect(await plugin('results', 'study', '-n', fixture.namespace)).toEqual({
      exitCode: 0,
      stdout: table,
      stderr: '',
    })
    const suspended = await plugin('suspend', 'paused', '-n', fixture.namespace)
    expect(suspended.stdout).toContain(
      `kubectl neco resume paused --namespace ${fixture.namespace} goes on with it`,
    )
    await rm(bin)
  })
})

describe('what neco says when it cannot', () => {
  const asked = (args: readonly string[], environment = {}) =>
    runNeco(args, { cwd: fixture.folder, environment })
  const refusal = (stderr: unknown) => ({ exitCode: 2, stdout: '', stderr })
  const oneLine = (pattern: RegExp) => expect.stringMatching(new RegExp(`^${pattern.source}\\n$`))

  test('there is no kubeconfig, or no such context', async () => {
    expect(await asked(['results', 'study', '--cluster'])).toEqual(
      refusal(oneLine(/no kubeconfig: .*KUBECONFIG is not set.*; give a file by --kubeconfig/)),
    )
    const args = ['results', 'study', '--context', 'none', ...fixture.namespaceFlags]
    expect(await asked(args)).toEqual(
      refusal(oneLine(/.* has no context none; give one by --context: .*/)),
    )
  })

  test('the API server is away, or does not know or allow who asks', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await new Promise((resolve) => server.close(resolve))
    const text = await readFile(testbed.kubeconfig('admin'), 'utf8')
    const away = join(fixture.folder, 'away.yaml')
    await writeFile(away, text.replaceAll(testbed.url, `https://127.0.0.1:${port}`))
    expect(await asked(['results', 'study', '--kubeconfig', away])).toEqual(
      refusal(oneLine(/https:\/\/127.* cannot be reached .*ECONNREFUSED.*right --context\?/)),
    )
    const unknown = join(fixture.folder, 'unknown.yaml')
    await writeFile(unknown, text.replaceAll(testbed.adminToken, 'nobody'))
    expect(await asked(['results', 'study', '--kubeconfig', unknown])).toEqual(
      refusal(oneLine(/.*does not know who this is: renew the credentials.*/)),
    )
    const stranger = ['--kubeconfig', testbed.kubeconfig('stranger'), '-n', fixture.namespace]
    expect(await asked(['results', 'study', ...stranger])).toEqual(
      refusal(oneLine(/.*"stranger" cannot get.*; ask for the role view \(to read\) or edit.*/)),
    )
  })

  test('there is no such study, with the name that is near', async () => {
    expect(await fixture.neco('results', 'stuudy')).toEqual(
      refusal(
        `stuudy: no NeCoSweep or NeCoRun of this name in namespace ${fixture.namespace}; did you mean study?\n`,
      ),
    )
    expect(await fixture.neco('watch')).toEqual(
      refusal(oneLine(/NAME of the study is missing; .*/)),
    )
  })

  test('there is no such namespace', async () => {
    const args = ['run', 'study.yaml', '--kubeconfig', testbed.kubeconfig('admin'), '-n', 'nowhere']
    expect(await asked(args)).toEqual(
      refusal(oneLine(/study.yaml: namespaces "nowhere" not found; .*create namespace nowhere/)),
    )
  })

  test('the CRDs are missing, of another version, or of an older release', async () => {
    const own = await testbed.startOwnTestbed({ crds: false })
    const kubeconfig = ['--kubeconfig', own.controlPlane.kubeconfig('admin')]
    const install = /: install those of this version: helm .*, or kubectl apply .*/.source
    const both = String.raw`.*the CRDs of neco\.dev \(necoruns\.neco\.dev and necosweeps\.neco\.dev\)`
    const says = (text: string) => refusal(oneLine(new RegExp(text + install)))
    const missing = says(`${both} are not installed`)
    expect(await asked(['results', 'study', ...kubeconfig])).toEqual(missing)
    expect(await asked(['run', 'study.yaml', ...kubeconfig])).toEqual(missing)
    await installOtherCrds(own.kubectl, (version) => {
      version.name = 'v1beta9'
    })
    const other = says(String.raw`${both} are of another version \(v1beta9, not v1alpha1\)`)
    expect(await asked(['results', 'study', ...kubeconfig])).toEqual(other)
    await installOtherCrds(own.kubectl, (version) => {
      delete version.schema.openAPIV3Schema.properties.spec.properties['parallelism']
      delete version.subresources.scale
    })
    const older = String.raw`.*the CRD necosweeps\.neco\.dev is of an older release, without spec\.parallelism`
    expect(await asked(['run', 'study.yaml', ...kubeconfig])).toEqual(says(older))
    await own.close()
  })
})

describe('kubectl', () => {
  test('explains a field, shows what a sweep is in, and waits for its end', async () => {
    const explained = await testbed.kubectl.ok(['explain', 'necosweep.spec.search'])
    expect(explained).toContain('search says how points are chosen')
    expect(explained).toMatch(/method\t<string> -required-/)
    const listed = await fixture.kubectl('get', 'necosweeps', 'study')
    const [head = '', row = ''] = listed.split('\n')
    process.stdout.write(`\n${listed}`)
    expect(head.split(/ {2,}/)).toEqual(expect.arrayContaining(['NAME', 'AGE']))
    expect(row).toMatch(/^study .*Succeeded/)
    // kubectl waits until the status is that of the newest generation.
    const observedGeneration = Number(await readFieldText('.metadata.generation'))
    await fixture.writeStatus('necosweeps', 'study', { observedGeneration })
    const waited = await fixture.kubectl(
      ...['wait', '--for=condition=Complete', 'necosweep/study', '--timeout=30s'],
    )
    expect(waited).toBe('necosweep.neco.dev/study condition met\n')
  })
})
