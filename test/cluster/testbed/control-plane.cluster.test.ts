import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { sharedTestbed } from './shared-testbed.ts'

const testbed = sharedTestbed()

const job = (name: string): string =>
  JSON.stringify({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'main', image: 'none', command: ['true'] }],
        },
      },
    },
  })

test('the server has the expected version, and kubectl the same', async () => {
  const versions = JSON.parse(await testbed.kubectl.ok(['version', '-o', 'json'])) as Record<
    'clientVersion' | 'serverVersion',
    { gitVersion: string }
  >
  expect(versions.serverVersion.gitVersion).toMatch(/^v1\.36\./)
  expect(versions.clientVersion.gitVersion).toMatch(/^v1\.36\./)
})

test('both kinds are served, and kubectl explains their fields', async () => {
  const kinds = await testbed.kubectl.ok(['api-resources', '--api-group=neco.dev', '-o', 'name'])
  expect(kinds.trim().split('\n').sort()).toEqual(['necoruns.neco.dev', 'necosweeps.neco.dev'])
  expect(await testbed.kubectl.ok(['explain', 'necosweep.spec.parallelism'])).toContain(
    'parallelism',
  )
})

test('a Job gets its pod from the controller manager, and without a node it is Unschedulable', async () => {
  const namespace = await testbed.newNamespace('plain')
  await testbed.kubectl.ok(['apply', '-n', namespace, '-f', '-'], { input: job('lonely') })
  await testbed.kubectl.ok([
    'wait',
    ...['-n', namespace, 'job/lonely', '--for=jsonpath={.status.active}=1', '--timeout=60s'],
  ])
  const condition = '{.items[0].status.conditions[?(@.type=="PodScheduled")].reason}'
  await testbed.kubectl.ok([
    'wait',
    ...['-n', namespace, 'pod', '-l', 'job-name=lonely', '--timeout=60s'],
    '--for=condition=PodScheduled=False',
  ])
  const args = ['get', 'pods', '-n', namespace, '-o', `jsonpath=${condition}`]
  expect(await testbed.kubectl.ok(args)).toBe('Unschedulable')
})

test('RBAC applies: a user without roles is forbidden, and a service account may do what its role allows', async () => {
  const namespace = await testbed.newNamespace('rights')
  const refused = await testbed.kubectl.run(['get', 'pods', '-n', namespace], { user: 'stranger' })
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('Forbidden')])
  const account = `${namespace}:default`
  const role = ['rolebinding', 'reader', '--clusterrole=view', `--serviceaccount=${account}`]
  await testbed.kubectl.ok(['create', ...role, '-n', namespace])
  const token = await testbed.serviceAccountToken(namespace, 'default')
  const as = (verb: string) =>
    testbed.kubectl.run(['auth', 'can-i', verb, 'pods', '-n', namespace, `--token=${token}`], {
      user: 'stranger',
    })
  expect((await as('list')).stdout.trim()).toBe('yes')
  expect((await as('create')).stdout.trim()).toBe('no')
})

test('the audit log names who wrote what', async () => {
  const namespace = await testbed.newNamespace('audit')
  await testbed.kubectl.ok(['create', 'configmap', 'seen', '-n', namespace])
  const lines = (await readFile(testbed.auditLog, 'utf8')).trimEnd().split('\n')
  const writes = lines
    .map((line) => JSON.parse(line))
    .filter(({ verb, objectRef }) => verb === 'create' && objectRef?.namespace === namespace)
    .filter(({ objectRef }) => objectRef.name === 'seen')
  expect(writes.map(({ user, responseStatus }) => [user.username, responseStatus.code])).toEqual([
    ['admin', 201],
  ])
})

test('a server that was killed or frozen serves the same objects again on the same port', async () => {
  const ownTestbed = await testbed.startOwnTestbed({ crds: false })
  try {
    await ownTestbed.kubectl.ok(['create', 'configmap', 'durable'])
    await ownTestbed.controlPlane.stopApiServer('Killed')
    const away = await ownTestbed.kubectl.run([
      'get',
      'configmap',
      'durable',
      '--request-timeout=5s',
    ])
    expect(away.exitCode).not.toBe(0)
    await ownTestbed.controlPlane.startApiServer()
    await ownTestbed.kubectl.ok(['get', 'configmap', 'durable'])
    await ownTestbed.controlPlane.stopApiServer('Frozen')
    const silent = await ownTestbed.kubectl.run([
      'get',
      'configmap',
      'durable',
      '--request-timeout=1s',
    ])
    expect(silent.exitCode).not.toBe(0)
    await ownTestbed.controlPlane.startApiServer()
    await ownTestbed.kubectl.ok(['get', 'configmap', 'durable'])
  } finally {
    await ownTestbed.close()
  }
})
