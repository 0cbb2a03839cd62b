import { buildCrd, KINDS } from '../../../crds/generators/to-crd.ts'
import { API_GROUP } from '../../../crds/names.ts'
import type { Kubectl } from '../testbed/kubectl.ts'
import { waitUntil } from '../testbed/wait-until.ts'

/** The fields of a CRD version that tests change. */
interface CrdVersion {
  name: string
  readonly schema: {
    readonly openAPIV3Schema: {
      readonly properties: { readonly spec: { readonly properties: Record<string, unknown> } }
    }
  }
  readonly subresources: { scale?: unknown }
}

interface Crd {
  readonly metadata: { readonly name: string }
  readonly spec: { readonly versions: readonly [CrdVersion] }
}

/** Replaces the CRDs by changed ones, and waits until the server serves them. */
export async function installOtherCrds(
  kubectl: Kubectl,
  change: (version: CrdVersion) => void,
): Promise<void> {
  const crds = KINDS.map((kind) => JSON.parse(JSON.stringify(buildCrd(kind))) as Crd)
  for (const { spec } of crds) change(spec.versions[0])
  const names = crds.map(({ metadata }) => metadata.name)
  await kubectl.ok(['delete', 'crds', '--ignore-not-found', ...names])
  const list = { apiVersion: 'v1', kind: 'List', items: crds }
  await kubectl.ok(['create', '-f', '-'], { input: JSON.stringify(list) })
  const versions = [...new Set(crds.map(({ spec }) => spec.versions[0].name))].join()
  await waitUntil({
    what: `the versions of ${API_GROUP} to be ${versions}`,
    withinMs: 60_000,
    look: async () => {
      const group = JSON.parse(await kubectl.ok(['get', '--raw', `/apis/${API_GROUP}`]))
      const served = group.versions.map(({ version }: { version: string }) => version).join()
      if (served !== versions) return undefined
      for (const { plural } of KINDS) {
        await kubectl.ok(['get', '--raw', `/apis/${API_GROUP}/${served}/${plural}`])
      }
      return served
    },
  })
}
