import { beforeAll, describe, expect, test } from 'vitest'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { CHART, createHelm, objectsIn, type RenderedObject } from './helm.ts'

const testbed = sharedTestbed()
const helm = createHelm({
  program: testbed.programs.helm,
  folder: testbed.path(),
  kubeconfig: testbed.kubeconfig('admin'),
})

const NAME = 'neco-neco-operator'
let system: string
let studies: string
let other: string
beforeAll(async () => {
  system = await testbed.newNamespace('system')
  studies = await testbed.newNamespace('studies')
  other = await testbed.newNamespace('other')
})

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[]
}

const listRules = (object: RenderedObject): readonly Rule[] => object['rules'] as readonly Rule[]
const isRole = ({ kind }: RenderedObject): boolean => kind === 'Role' || kind === 'ClusterRole'
const isAggregated = ({ metadata }: RenderedObject): boolean =>
  Object.keys(metadata.labels ?? {}).some((label) => label.includes('/aggregate-to-'))

/** `group/resource[names]` → verbs, as a human-readable role. */
const formatRuleTable = (roles: readonly RenderedObject[]): Record<string, string> =>
  Object.fromEntries(
    roles.flatMap(listRules).flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
      apiGroups.flatMap((group) =>
        resources.map((resource) => {
          const named = resourceNames === undefined ? '' : ` ${resourceNames.join(' ')}`
          return [`${group === '' ? 'core' : group}/${resource}${named}`, verbs.join(' ')]
        }),
      ),
    ),
  )

async function render(watchNamespaces: readonly string[]): Promise<readonly RenderedObject[]> {
  const file = await helm.valuesFile({ watchNamespaces })
  return objectsIn(await helm.ok(['template', 'neco', CHART, '-n', system, '--values', file]))
}

const STUDY_RULES = {
  'neco.dev/necoruns': 'get list watch create update patch delete',
  'neco.dev/necosweeps': 'get list watch',
  'neco.dev/necoruns/status': 'patch',
  'neco.dev/necosweeps/status': 'patch',
  'neco.dev/necoruns/finalizers': 'update',
  'neco.dev/necosweeps/finalizers': 'update',
  'batch/jobs': 'get list watch create delete',
  'core/pods': 'get list watch',
  'core/configmaps': 'get list watch create patch delete',
  'core/secrets': 'create delete',
  'events.k8s.io/events': 'get create patch',
  'core/persistentvolumeclaims': 'get',
  'kueue.x-k8s.io/localqueues': 'get',
}
const CLUSTER_RULES = {
  'core/nodes': 'get list watch',
  'storage.k8s.io/storageclasses': 'get',
  'apiextensions.k8s.io/customresourcedefinitions necoruns.neco.dev necosweeps.neco.dev': 'get',
}
const LEASE_RULES = {
  'coordination.k8s.io/leases': 'create',
  [`coordination.k8s.io/leases ${NAME}`]: 'get update',
}

describe('the roles of the chart', () => {
  test('for all namespaces allow this and nothing else', async () => {
    const roles = (await render([])).filter((object) => isRole(object) && !isAggregated(object))
    const cluster = roles.filter(({ kind }) => kind === 'ClusterRole')
    const own = roles.filter(({ kind }) => kind === 'Role')
    expect(formatRuleTable(cluster)).toEqual({ ...STUDY_RULES, ...CLUSTER_RULES })
    expect(formatRuleTable(own)).toEqual(LEASE_RULES)
    expect(own.map(({ metadata }) => metadata.namespace)).toEqual([system])
  })
  test('for listed namespaces allow it only there', async () => {
    const roles = (await render([studies])).filter(
      (object) => isRole(object) && !isAggregated(object),
    )
    const inStudies = roles.filter(({ metadata }) => metadata.namespace === studies)
    expect(formatRuleTable(roles.filter(({ kind }) => kind === 'ClusterRole'))).toEqual(
      CLUSTER_RULES,
    )
    expect(formatRuleTable(inStudies)).toEqual(STUDY_RULES)
  })
  test('have no wildcard in groups, resources and verbs', async () => {
    const roles = [...(await render([])), ...(await render([studies]))].filter(isRole)
    const args = roles
      .flatMap(listRules)
      .flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs])
    expect(args.filter((arg) => arg.includes('*'))).toEqual([])
  })
  test('are bound to the ServiceAccount of the operator alone', async () => {
    const bindings = (await render([studies])).filter(({ kind }) => kind.endsWith('RoleBinding'))
    const subjects = bindings.map(({ subjects }) => subjects)
    const account = { kind: 'ServiceAccount', name: NAME, namespace: system }
    expect(subjects).toEqual(bindings.map(() => [account]))
    expect(bindings).toHaveLength(3)
  })
})

/**
 * Whether a user may do something, by `kubectl auth can-i`. A resource may have a subresource:
 * pods/log.
 */
async function canI([verb = '', resource = '', ...rest]: readonly string[], as: string) {
  const [kind = '', subresource] = resource.split('/')
  const part = subresource === undefined ? [] : [`--subresource=${subresource}`]
  const args = ['auth', 'can-i', verb, kind, ...part, ...rest, `--as=${as}`]
  const { stdout } = await testbed.kubectl.run(args)
  return stdout.trim()
}

describe('the ServiceAccount, on the API server,', () => {
  beforeAll(async () => {
    const roles = (await render([])).filter(
      (object) => isRole(object) || /Binding$|^ServiceAccount$/.test(object.kind),
    )
    const list = { apiVersion: 'v1', kind: 'List', items: roles }
    await testbed.kubectl.ok(['apply', '-f', '-'], { input: JSON.stringify(list) })
  })

  test.each([
    ['create', 'secrets', 'yes'],
    ['delete', 'secrets', 'yes'],
    ['get', 'secrets', 'no'],
    ['list', 'secrets', 'no'],
    ['watch', 'secrets', 'no'],
    ['update', 'secrets', 'no'],
    ['patch', 'secrets', 'no'],
    ['deletecollection', 'secrets', 'no'],
    ['create', 'jobs.batch', 'yes'],
    ['patch', 'jobs.batch', 'no'],
    ['update', 'jobs.batch', 'no'],
    ['list', 'pods', 'yes'],
    ['create', 'pods', 'no'],
    ['delete', 'pods', 'no'],
    ['create', 'pods/exec', 'no'],
    ['get', 'pods/log', 'no'],
    ['patch', 'configmaps', 'yes'],
    ['create', 'necoruns.neco.dev', 'yes'],
    ['create', 'necosweeps.neco.dev', 'no'],
    ['patch', 'necosweeps.neco.dev', 'no'],
    ['delete', 'necosweeps.neco.dev', 'no'],
    ['patch', 'necosweeps.neco.dev/status', 'yes'],
    ['create', 'persistentvolumeclaims', 'no'],
    ['list', 'persistentvolumeclaims', 'no'],
    ['list', 'nodes', 'yes'],
    ['patch', 'nodes', 'no'],
    ['create', 'rolebindings.rbac.authorization.k8s.io', 'no'],
    ['create', 'leases.coordination.k8s.io', 'no'],
  ])('may it %s %s in a namespace of studies: %s', async (verb, resource, answer) => {
    const account = `system:serviceaccount:${system}:${NAME}`
    expect(await canI([verb, resource, '-n', studies], account)).toBe(answer)
  })

  test('may update its own Lease and no other', async () => {
    const account = `system:serviceaccount:${system}:${NAME}`
    const ask = async (...args: readonly string[]) => {
      const asked = ['auth', 'can-i', ...args, '-n', system, `--as=${account}`]
      return (await testbed.kubectl.run(asked)).stdout.trim()
    }
    expect(await ask('create', 'leases.coordination.k8s.io')).toBe('yes')
    expect(await ask('update', `leases.coordination.k8s.io/${NAME}`)).toBe('yes')
    expect(await ask('update', 'leases.coordination.k8s.io/other')).toBe('no')
  })

  test('writes a Secret with its own token and cannot read it back', async () => {
    const token = await testbed.serviceAccountToken(system, NAME)
    const as = (args: readonly string[], input = '') =>
      testbed.kubectl.run([...args, '-n', other, `--token=${token}`], { input, user: 'stranger' })
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'credentials' } }
    const made = await as(['create', '-f', '-'], JSON.stringify(secret))
    expect([made.exitCode, made.stdout]).toEqual([0, 'secret/credentials created\n'])
    const read = await as(['get', 'secret', 'credentials'])
    expect([read.exitCode, read.stderr]).toEqual([1, expect.stringContaining('Forbidden')])
    const removed = await as(['delete', 'secret', 'credentials', '--wait=false'])
    expect([removed.exitCode, removed.stderr]).toEqual([0, ''])
  })
})

describe('users with the default roles of every cluster', () => {
  beforeAll(async () => {
    for (const role of ['view', 'edit']) {
      const args = ['create', 'rolebinding', role, `--clusterrole=${role}`, `--user=${role}er`]
      await testbed.kubectl.ok([...args, '-n', studies])
    }
  })

  test.each([
    ['viewer', 'list', 'necosweeps.neco.dev', 'yes'],
    ['viewer', 'create', 'necosweeps.neco.dev', 'no'],
    ['editer', 'create', 'necosweeps.neco.dev', 'yes'],
    ['editer', 'delete', 'necoruns.neco.dev', 'yes'],
    ['editer', 'patch', 'necosweeps.neco.dev/scale', 'yes'],
    ['editer', 'patch', 'necosweeps.neco.dev/status', 'no'],
  ])('a %s may %s %s: %s', async (user, ...[verb, resource, answer]) => {
    // The controller manager aggregates roles a moment after they are created.
    await expect
      .poll(() => canI([verb, resource, '-n', studies], user), { timeout: 30_000 })
      .toBe(answer)
  })
})
