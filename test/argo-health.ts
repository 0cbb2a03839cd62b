import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LuaFactory } from 'wasmoon'
import { parse } from 'yaml'

const SNIPPET = join(import.meta.dirname, '..', 'argocd', 'argocd-cm.yaml')

/** What Argo CD would show of an object: the script of its kind in the ConfigMap, in a Lua of its own each time. */
export async function argoHealth(object: object, kind: 'NeCoRun' | 'NeCoSweep'): Promise<unknown> {
  const { data } = parse(await readFile(SNIPPET, 'utf8'))
  const lua = await new LuaFactory().createEngine({ enableProxy: false })
  try {
    lua.global.set('obj', object)
    return await lua.doString(data[`resource.customizations.health.neco.dev_${kind}`])
  } finally {
    lua.global.close()
  }
}
