import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

async function listImports(): Promise<ReadonlyMap<string, readonly string[]>> {
  const folders = ['kube', 'std']
  const names = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(ROOT, folder), { recursive: true })).map((name) => join(folder, name)),
    ),
  )
  const files = names.flat().filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  const entries = files.map(async (file) => {
    const text = await readFile(join(ROOT, file), 'utf8')
    const modules = [...text.matchAll(/ from '([^']+)'/g)].map(([, module = '']) => module)
    const resolve = (module: string) =>
      module.startsWith('.') ? normalize(join(dirname(file), module)) : module
    return [file, modules.map(resolve)] as const
  })
  return new Map(await Promise.all(entries))
}

test('kube/ imports node, client-node and std/, and std/ nothing but itself and node', async () => {
  const imports = await listImports()
  const isAllowed = (file: string, module: string): boolean =>
    module.startsWith('node:') ||
    module.startsWith('std/') ||
    (file.startsWith('kube/') &&
      (module.startsWith('kube/') || module === '@kubernetes/client-node'))
  const refused = [...imports].flatMap(([file, modules]) =>
    modules.filter((module) => !isAllowed(file, module)).map((module) => `${file}: ${module}`),
  )
  expect(refused).toEqual([])
  expect(imports.get('kube/client/api-client.ts')).toContain('kube/client/send-request.ts')
})

test('kube/ and std/ have no circle of imports, those of types included', async () => {
  const remaining = new Map(await listImports())
  for (let isShrinking = true; isShrinking; ) {
    const leaves = [...remaining].filter(([, modules]) => !modules.some((m) => remaining.has(m)))
    for (const [file] of leaves) remaining.delete(file)
    isShrinking = leaves.length > 0
  }
  expect([...remaining.keys()]).toEqual([])
})
