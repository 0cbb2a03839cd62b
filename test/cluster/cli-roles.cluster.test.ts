import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { CHART, makeHelm, objectsIn } from './chart/helm.ts'
import { type CurvesGround, openCurvesGround } from './curves-ground.ts'
import { type NecoAnswer, neco } from './neco-process.ts'

const bed = sharedBed()
const ROLES = ['view', 'edit'] as const
type Role = (typeof ROLES)[number]

let ground: CurvesGround
let elsewhere: string
beforeAll(async () => {
  ground = await openCurvesGround(bed)
  elsewhere = await bed.newNamespace('elsewhere')
  await applyChartRoles()
  for (const role of ROLES) await bind(role)
})
afterAll(() => ground?.close())

/** The roles that the chart adds to those which every cluster has. */
async function applyChartRoles(): Promise<void> {
  const helm = makeHelm({
    program: bed.programs.helm,
    folder: bed.path(),
    kubeconfig: bed.kubeconfig('admin'),
  })
  const items = objectsIn(await helm.ok(['template', 'neco', CHART])).filter(
    ({ kind }) => kind === 'ClusterRole',
  )
  const list = { apiVersion: 'v1', kind: 'List', items }
  await bed.kubectl.ok(['apply', '-f', '-'], { input: JSON.stringify(list) })
}

const accountOf = (role: Role): string => `system:serviceaccount:${ground.namespace}:${role}`
const kubeconfigOf = (role: Role): string => join(ground.folder, `${role}.yaml`)

/** Somebody with a role in the one namespace, and a kubeconfig of theirs. */
async function bind(role: Role): Promise<void> {
  const { namespace, kubectl } = ground
  await kubectl('create', 'serviceaccount', role)
  const to = [`--clusterrole=${role}`, `--serviceaccount=${namespace}:${role}`]
  await kubectl('create', 'rolebinding', role, ...to)
  const admin = await readFile(bed.kubeconfig('admin'), 'utf8')
  const token = await bed.serviceAccountToken(namespace, role)
  await writeFile(kubeconfigOf(role), admin.replaceAll(bed.adminToken, token))
  // The controller manager gathers aggregated roles a moment after they are made.
  const verb = role === 'view' ? 'watch' : 'patch'
  const asked = ['auth', 'can-i', verb, 'necosweeps.neco.dev', '-n', namespace]
  await waitUntil({
    what: `the role ${role} to have the rights of the chart`,
    withinMs: 30_000,
    everyMs: 200,
    look: async () =>
      (await bed.kubectl.run([...asked, `--as=${accountOf(role)}`])).exitCode === 0 || undefined,
  })
}

const typeAs = (role: Role, ...words: readonly string[]): Promise<NecoAnswer> =>
  neco([...words, '--kubeconfig', kubeconfigOf(role), '-n', ground.namespace], {
    cwd: ground.folder,
  })

const done = (stdout: unknown) => ({ exitCode: 0, stderr: '', stdout })

/** One line that says who may not do what, where, and what to ask for. */
const refused = (role: Role, what: string, namespace = ground.namespace) => ({
  exitCode: 2,
  stdout: '',
  stderr: expect.stringMatching(
    new RegExp(
      `^https://\\S+ \\(context \\S+\\): .*User "${accountOf(role)}" cannot ${what}.*; ask for the role view \\(to read\\) or edit \\(to run\\) in namespace ${namespace}\\n$`,
    ),
  ),
})

describe('neco as somebody who has the role edit in one namespace', () => {
  test('runs, watches, suspends and resumes a study there', async () => {
    const named = ['run', 'study.yaml', '--set', 'metadata.name=of-edit', '--detach']
    const created = `NeCoSweep of-edit created in namespace ${ground.namespace}\n`
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

  test('prints and plots what came of a study, whose reader is deleted again', async () => {
    const { stdout: table } = await ground.type('results', 'study')
    expect(table).toContain('studentSteepness')
    expect(await typeAs('edit', 'results', 'study')).toEqual(done(table))
    const words = ['plot', 'study', '--file', 'curves.svg', '--figure', 'best.png']
    const files = ['curves.svg', 'best.png'].map((name) => `${join(ground.folder, name)}\n`)
    expect(await typeAs('edit', ...words)).toEqual(done(files.join('')))
    expect(await ground.kubectl('get', 'jobs', '-o', 'name')).toBe('')
  })

  test('is told what may not be done in another namespace', async () => {
    const words = ['--kubeconfig', kubeconfigOf('edit'), '-n', elsewhere]
    const { folder } = ground
    expect(await neco(['run', 'study.yaml', ...words], { cwd: folder })).toEqual(
      refused('edit', 'get resource "necosweeps".*"neco.dev"', elsewhere),
    )
  })
})

describe('neco as somebody who has the role view in one namespace', () => {
  test('reads with kubectl, follows a study to its end and prints its results', async () => {
    const kubeconfig = ['--kubeconfig', kubeconfigOf('view'), '-n', ground.namespace]
    const listed = await bed.kubectl.ok(['get', 'necosweeps,necoruns', '-o', 'name', ...kubeconfig])
    expect(listed).toContain('necosweep.neco.dev/study\n')
    expect(listed).toContain('necorun.neco.dev/study-1-r0\n')
    const { stdout: table } = await ground.type('results', 'study')
    expect(await typeAs('view', 'watch', 'study')).toEqual(done(expect.stringContaining(table)))
    expect(await typeAs('view', 'results', 'study')).toEqual(done(table))
  })

  test('is told who may not suspend, run or plot, and whom to ask for what', async () => {
    const patch = refused('view', 'patch resource "necosweeps" in API group "neco.dev"')
    expect(await typeAs('view', 'suspend', 'study')).toEqual(patch)
    expect(await typeAs('view', 'run', 'study.yaml')).toEqual(patch)
    expect(await typeAs('view', 'plot', 'study')).toEqual(
      refused('view', 'create resource "jobs" in API group "batch"'),
    )
    const suspend = 'jsonpath={.spec.suspend}'
    expect(await ground.kubectl('get', 'necosweep', 'study', '-o', suspend)).toBe('')
  })
})
