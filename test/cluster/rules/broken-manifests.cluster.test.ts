import { expect, test } from 'vitest'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { brokenManifest, REFUSED_BY_OPERATOR, REFUSED_BY_SERVER } from './broken-manifests.ts'

const testbed = sharedTestbed()
const namespace = await testbed.newNamespace('broken')

test.each(REFUSED_BY_SERVER)('kubectl apply of $mistake is refused', async (broken) => {
  const input = JSON.stringify(brokenManifest(broken))
  const applied = await testbed.kubectl.run(['apply', '-n', namespace, '-f', '-'], { input })
  expect(applied.exitCode).toBe(1)
  expect(applied.stderr).toContain(broken.says)
})

test.each(REFUSED_BY_OPERATOR)(
  'kubectl apply of $mistake is left to the operator',
  async (broken) => {
    const input = JSON.stringify(brokenManifest(broken))
    const applied = await testbed.kubectl.run(
      ['apply', '--dry-run=server', '-n', namespace, '-f', '-'],
      { input },
    )
    expect(applied).toMatchObject({ exitCode: 0 })
  },
)
