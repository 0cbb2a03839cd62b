import { readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildOutputPaths } from '../../cli/local/output-folder.ts'
import { folderStorage } from '../../pod/folder-storage.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { type CliGround, openCliGround } from './cli-ground.ts'
import { call, KUBECTL_NECO, neco } from './neco-process.ts'
import { installOtherCrds } from './other-crds.ts'

const bed = sharedBed()
let ground: CliGround
beforeAll(async () => {
  ground = await openCliGround(bed)
})
afterAll(() => ground.close())

const fieldOf = (path: string, name = 'study') =>
  ground.kubectl('get', 'necosweep', name, '-o', `jsonpath={${path}}`)

/** A study of another name, applied and not waited for. */
async function applied(name: string): Promise<void> {
  const words = ['--set', `metadata.name=${name}`, '--detach']
  expect(await ground.type('run', 'study.yaml', ...words)).toMatchObject({ exitCode: 0 })
}

/** The objects of a study in the cluster, as a home of this machine has them in its journal. */
async function copyToThisMachine(out: string): Promise<void> {
  const { state } = buildOutputPaths(join(ground.folder, out))
  const objects = ['necosweeps', 'necoruns'].map((kind) =>
    ground.kubectl('get', kind, '-o', 'json', '-l', 'of!=test'),
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
  await folderStorage(state, Date.now).writeAtomic('journal.ndjson', lines.join(''))
}

describe('neco on a cluster', () => {
  test('applies a manifest, follows it to its end, and prints the table of a local run', async () => {
    let finishing: Promise<void> | undefined
    const { exitCode, stdout, stderr } = await neco(['run', 'study.yaml', ...ground.here], {
      cwd: ground.folder,
      printed: (text) => {
        if (text.includes(`NeCoSweep study created in namespace ${ground.namespace}\n`)) {
          finishing ??= ground.finish('study')
        }
      },
    })
    await finishing
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toContain('training 8/8 steps')
    expect(stdout).toContain('runs 2/2 ended')
    expect(stdout).toContain('back end: of the test')
    const { stdout: table } = await ground.type('results', 'study')
    expect(stdout).toContain(table)
    await copyToThisMachine('out/study')
    for (const format of ['table', 'csv', 'json']) {
      const there = await ground.type('results', 'study', '--format', format)
      const here = await neco(['results', 'study', '--format', format], { cwd: ground.folder })
      expect(there).toEqual(here)
      expect(there.stdout).toContain('100')
    }
    process.stdout.write(`\n${stdout}`)
  })

  test('changes nothing by the same manifest again, and shows what the API server refuses', async () => {
    const version = await fieldOf('.metadata.resourceVersion')
    const again = await ground.type('run', 'study.yaml')
    expect(again).toMatchObject({ exitCode: 0, stderr: '' })
    expect(again.stdout).toContain('NeCoSweep study unchanged')
    expect(await fieldOf('.metadata.resourceVersion')).toBe(version)
    const changed = await ground.type('run', 'study.yaml', '--set', 'axes[0].values=[1, 2]')
    expect(changed).toMatchObject({ exitCode: 2, stdout: '' })
    expect(changed.stderr).toContain('axes cannot change while the sweep lives: make a new sweep')
    await ground.kubectl('scale', 'necosweep', 'study', '--replicas=5')
    const conflict = await ground.type('run', 'study.yaml')
    expect(conflict).toMatchObject({ exitCode: 2, stdout: '' })
    expect(conflict.stderr).toMatch(/study.yaml: spec.parallelism: conflict with "kubectl"/)
    expect(conflict.stderr).toContain('--force-conflicts takes these fields over')
    const forced = await ground.type('run', 'study.yaml', '--force-conflicts')
    expect(forced.stdout).toContain('NeCoSweep study configured')
    expect(await fieldOf('.spec.parallelism')).toBe('2')
  })

  test('leaves the study alone at Ctrl-C, and says so', async () => {
    const name = 'left-alone'
    const words = ['run', 'study.yaml', '--set', `metadata.name=${name}`, ...ground.here]
    const answer = await neco(words, {
      cwd: ground.folder,
      printed: (text, interrupt) => {
        if (text.includes('runs 0/2 ended')) interrupt()
      },
    })
    expect(answer).toMatchObject({ exitCode: 130, stderr: '' })
    expect(answer.stdout).toContain(
      `the study goes on; follow it with: neco watch ${name} --namespace ${ground.namespace} --kubeconfig`,
    )
    expect(await fieldOf('.spec.suspend', name)).toBe('')
  })

  test('says why a study is not accepted', async () => {
    await applied('refused')
    await ground.notAccepted('refused')
    expect(await ground.type('watch', 'refused')).toMatchObject({
      exitCode: 2,
      stderr: 'NeCoSweep refused is not accepted: StorageNotConfigured: written by the test\n',
    })
  })

  test('suspends, resumes and stops a study', async () => {
    await applied('paused')
    const suspended = await ground.type('suspend', 'paused')
    expect(suspended.stdout).toMatch(
      /^NeCoSweep paused: suspended; neco resume paused --namespace .* goes on with it\n$/,
    )
    expect(await fieldOf('.spec.suspend', 'paused')).toBe('true')
    expect((await ground.type('stop', 'paused')).stdout).toContain('was suspended already')
    const shown = await ground.type('watch', 'paused')
    expect(shown.stdout).toContain('NeCoSweep paused is suspended\n')
    const resumed = await ground.type('resume', 'paused')
    expect(resumed.stdout).toMatch(/^NeCoSweep paused: resumed; neco watch paused .* shows it\n$/)
    expect(await fieldOf('.spec.suspend', 'paused')).toBe('')
  })

  test('is found by kubectl as its plugin', async () => {
    const bin = join(ground.folder, 'kubectl-neco')
    await symlink(KUBECTL_NECO, bin)
    const path = [ground.folder, dirname(process.execPath), process.env['PATH']].join(delimiter)
    const kubectl = bed.programs.kubectl
    const plugin = (...words: string[]) =>
      call(kubectl, ['neco', ...words], {
        cwd: ground.folder,
        environment: { PATH: path, KUBECONFIG: bed.kubeconfig('admin') },
      })
    const { stdout: table } = await ground.type('results', 'study')
    expect(await plugin('results', 'study', '-n', ground.namespace)).toEqual({
      exitCode: 0,
      stdout: table,
      stderr: '',
    })
    const suspended = await plugin('suspend', 'paused', '-n', ground.namespace)
    expect(suspended.stdout).toContain(
      `kubectl neco resume paused --namespace ${ground.namespace} goes on with it`,
    )
    await rm(bin)
  })
})

describe('what neco says when it cannot', () => {
  const asked = (words: readonly string[], environment = {}) =>
    neco(words, { cwd: ground.folder, environment })
  const refusal = (stderr: unknown) => ({ exitCode: 2, stdout: '', stderr })
  const oneLine = (pattern: RegExp) => expect.stringMatching(new RegExp(`^${pattern.source}\\n$`))

  test('there is no kubeconfig, or no such context', async () => {
    expect(await asked(['results', 'study', '--cluster'])).toEqual(
      refusal(oneLine(/no kubeconfig: .*KUBECONFIG is not set.*; give a file by --kubeconfig/)),
    )
    const words = ['results', 'study', '--context', 'none', ...ground.here]
    expect(await asked(words)).toEqual(
      refusal(oneLine(/.* has no context none; give one by --context: .*/)),
    )
  })

  test('the API server is away, or does not know or allow who asks', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await new Promise((resolve) => server.close(resolve))
    const text = await readFile(bed.kubeconfig('admin'), 'utf8')
    const away = join(ground.folder, 'away.yaml')
    await writeFile(away, text.replaceAll(bed.url, `https://127.0.0.1:${port}`))
    expect(await asked(['results', 'study', '--kubeconfig', away])).toEqual(
      refusal(oneLine(/https:\/\/127.* cannot be reached .*ECONNREFUSED.*right --context\?/)),
    )
    const unknown = join(ground.folder, 'unknown.yaml')
    await writeFile(unknown, text.replaceAll(bed.adminToken, 'nobody'))
    expect(await asked(['results', 'study', '--kubeconfig', unknown])).toEqual(
      refusal(oneLine(/.*does not know who this is: renew the credentials.*/)),
    )
    const stranger = ['--kubeconfig', bed.kubeconfig('stranger'), '-n', ground.namespace]
    expect(await asked(['results', 'study', ...stranger])).toEqual(
      refusal(oneLine(/.*"stranger" cannot get.*; ask for the role view \(to read\) or edit.*/)),
    )
  })

  test('there is no such study, with the name that is near', async () => {
    expect(await ground.type('results', 'stuudy')).toEqual(
      refusal(
        `stuudy: no NeCoSweep or NeCoRun of this name in namespace ${ground.namespace}; did you mean study?\n`,
      ),
    )
    expect(await ground.type('watch')).toEqual(refusal(oneLine(/NAME of the study is missing; .*/)))
  })

  test('there is no such namespace', async () => {
    const words = ['run', 'study.yaml', '--kubeconfig', bed.kubeconfig('admin'), '-n', 'nowhere']
    expect(await asked(words)).toEqual(
      refusal(oneLine(/study.yaml: namespaces "nowhere" not found; .*create namespace nowhere/)),
    )
  })

  test('the CRDs are missing, of another version, or of an older release', async () => {
    const own = await bed.ownBed({ crds: false })
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
    const explained = await bed.kubectl.ok(['explain', 'necosweep.spec.search'])
    expect(explained).toContain('search says how points are chosen')
    expect(explained).toMatch(/method\t<string> -required-/)
    const listed = await ground.kubectl('get', 'necosweeps', 'study')
    const [head = '', row = ''] = listed.split('\n')
    process.stdout.write(`\n${listed}`)
    expect(head.split(/ {2,}/)).toEqual(expect.arrayContaining(['NAME', 'AGE']))
    expect(row).toMatch(/^study .*Succeeded/)
    // kubectl waits until the status is that of the newest generation.
    const observedGeneration = Number(await fieldOf('.metadata.generation'))
    await ground.writeStatus('necosweeps', 'study', { observedGeneration })
    const waited = await ground.kubectl(
      ...['wait', '--for=condition=Complete', 'necosweep/study', '--timeout=30s'],
    )
    expect(waited).toBe('necosweep.neco.dev/study condition met\n')
  })
})
