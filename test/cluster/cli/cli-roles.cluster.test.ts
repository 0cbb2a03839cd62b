import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHART, createHelm, objectsIn } from '../chart/helm.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { type CurvesFixture, openCurvesFixture } from './curves-fixture.ts'
import { type NecoProcessResult, runNeco } from './run-neco-process.ts'

const testbed = sharedTestbed()
const ROLES = ['view', 'edit'] as const
type Role = (typeof ROLES)[number]

let fixture: CurvesFixture
let otherNamespace: string
beforeAll(async () => {
  fixture = await openCurvesFixture(testbed)
  otherNamespace = await testbed.newNamespace('elsewhere')
  await applyChartRoles()
  for (const role of ROLES) await bind(role)
})
afterAll(() => fixture?.close())

/** The roles that the chart aggregates into the default ones. */
async function applyChartRoles(): Promise<void> {
  const helm = createHelm({
    program: testbed.programs.helm,
    folder: testbed.path(),
    kubeconfig: testbed.kubeconfig('admin'),
  })
  const items = objectsIn(await helm.ok(['template', 'neco', CHART])).filter(
    ({ kind }) => kind === 'ClusterRole',
  )
  const list = { apiVersion: 'v1', kind: 'List', items }
  await testbed.kubectl.ok(['apply', '-f', '-'], { input: JSON.stringify(list) })
}

const buildAccountName = (role: Role): string =>
  `system:serviceaccount:${fixture.namespace}:${role}`
const findRoleKubeconfig = (role: Role): string => join(fixture.folder, `${role}.yaml`)

/** A user with a role in one namespace, and their kubeconfig. */
async function bind(role: Role): Promise<void> {
  const { namespace, kubectl } = fixture
  await kubectl('create', 'serviceaccount', role)
  const to = [`--clusterrole=${role}`, `--serviceaccount=${namespace}:${role}`]
  await kubectl('create', 'rolebinding', role, ...to)
  const admin = await readFile(testbed.kubeconfig('admin'), 'utf8')
  const token = await testbed.serviceAccountToken(namespace, role)
  await writeFile(findRoleKubeconfig(role), admin.replaceAll(testbed.adminToken, token))
  // The controller manager aggregates roles a moment after they are created.
  const verb = role === 'view' ? 'watch' : 'patch'
  const asked = ['auth', 'can-i', verb, 'necosweeps.neco.dev', '-n', namespace]
  await waitUntil({
    what: `the role ${role} to have the rights of the chart`,
    withinMs: 30_000,
    everyMs: 200,
    look: async () =>
      (await testbed.kubectl.run([...asked, `--as=${buildAccountName(role)}`])).exitCode === 0 ||
      undefined,
  })
}

const typeAs = (role: Role, ...args: readonly string[]): Promise<NecoProcessResult> =>
  runNeco([...args, '--kubeconfig', findRoleKubeconfig(role), '-n', fixture.namespace], {
    cwd: fixture.folder,
  })

const done = (stdout: unknown) => ({ exitCode: 0, stderr: '', stdout })

/** The line of a forbidden request: who, what, where, and the role to ask for. */
const refused = (role: Role, what: string, namespace = fixture.namespace) => ({
  exitCode: 2,
  stdout: '',
  stderr: expect.stringMatching(
    new RegExp(
      `^https://\\S+ \\(context \\S+\\): .*User "${buildAccountName(role)}" cannot ${what}.*; ask for the role view \\(to read\\) or edit \\(to run\\) in namespace ${namespace}\\n$`,
    ),
  ),
})

describe('neco as a user with the role edit in one namespace', () => {
  test('runs, watches, suspends and resumes a study there', async () => {
    const named = ['run', 'study.yaml', '--set', 'metadata.name=of-edit', '--detach']
    const created = `NeCoSweep of-edit created in namespace ${fixture.namespace}\n`
    expect(await typeAs('edit', ...named)).toEqual(done(expect.stringContaining(created)))
    expect(await typeAs('edit', 'suspend', 'of-edit')).toEqual(
      done(expect.stringContaining('NeCoSweep of-edit: suspended; neco resume of-edit ')),
    )
    const watched = await typeAs('edit', 'watch', 'of-edit')
    expect(watched).toMatchObject({ stderr: '' })
    expect(watched.stdout).toContain('NeCoSweep of-edit is suspended\n')
    expect(await typeAs('edit', 'resume', 'of-edit')).toEqual(
      done(expect.stringContaining('NeCoSweep of-edit: resumed; ')),
    )
  })

  test('prints and plots the results of a study, and deletes the reader Job', async () => {
    const { stdout: table } = await fixture.neco('results', 'study')
    expect(table).toContain('studentSteepness')
    expect(await typeAs('edit', 'results', 'study')).toEqual(done(table))
    const args = ['plot', 'study', '--file', 'curves.svg', '--figure', 'best.png']
    const files = ['curves.svg', 'best.png'].map((name) => `${join(fixture.folder, name)}\n`)
    expect(await typeAs('edit', ...args)).toEqual(done(files.join('')))
    expect(await fixture.kubectl('get', 'jobs', '-o', 'name')).toBe('')
  })

  test('reports what is forbidden in another namespace', async () => {
    const args = ['--kubeconfig', findRoleKubeconfig('edit'), '-n', otherNamespace]
    const { folder } = fixture
    expect(await runNeco(['run', 'study.yaml', ...args], { cwd: folder })).toEqual(
      refused('edit', 'get resource "necosweeps".*"neco.dev"', otherNamespace),
    )
  })
})

describe('neco as a user with the role view in one namespace', () => {
  test('reads with kubectl, follows a study to its end and prints its results', async () => {
    const kubeconfig = ['--kubeconfig', findRoleKubeconfig('view'), '-n', fixture.namespace]
    const listed = await testbed.kubectl.ok([
      'get',
      'necosweeps,necoruns',
      '-o',
      'name',
      ...kubeconfig,
    ])
    expect(listed).toContain('necosweep.neco.dev/study\n')
    expect(listed).toContain('necorun.neco.dev/study-1-r0\n')
    const { stdout: table } = await fixture.neco('results', 'study')
    expect(await typeAs('view', 'watch', 'study')).toEqual(done(expect.stringContaining(table)))
    expect(await typeAs('view', 'results', 'study')).toEqual(done(table))
  })

  test('reports that suspend, run and plot are forbidden, and the role to ask for', async () => {
    const patch = refused('view', 'patch resource "necosweeps" in API group "neco.dev"')
    expect(await typeAs('view', 'suspend', 'study')).toEqual(patch)
    expect(await typeAs('view', 'run', 'study.yaml')).toEqual(patch)
    expect(await typeAs('view', 'plot', 'study')).toEqual(
      refused('view', 'create resource "jobs" in API group "batch"'),
    )
    const suspend = 'jsonpath={.spec.suspend}'
    expect(await fixture.kubectl('get', 'necosweep', 'study', '-o', suspend)).toBe('')
  })
})
