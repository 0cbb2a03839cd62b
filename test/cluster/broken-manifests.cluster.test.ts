import { expect, test } from 'vitest'
import { sharedBed } from './bed/shared-bed.ts'
import { brokenManifest, REFUSED_BY_OPERATOR, REFUSED_BY_SERVER } from './rules/broken-manifests.ts'

const bed = sharedBed()
const namespace = await bed.newNamespace('broken')

test.each(REFUSED_BY_SERVER)('kubectl apply of $mistake is refused', async (broken) => {
  const input = JSON.stringify(brokenManifest(broken))
  const applied = await bed.kubectl.run(['apply', '-n', namespace, '-f', '-'], { input })
  expect(applied.exitCode).toBe(1)
  expect(applied.stderr).toContain(broken.says)
})

test.each(REFUSED_BY_OPERATOR)(
  'kubectl apply of $mistake is left to the operator',
  async (broken) => {
    const input = JSON.stringify(brokenManifest(broken))
    const applied = await bed.kubectl.run(
      ['apply', '--dry-run=server', '-n', namespace, '-f', '-'],
      { input },
    )
    expect(applied).toMatchObject({ exitCode: 0 })
  },
)
