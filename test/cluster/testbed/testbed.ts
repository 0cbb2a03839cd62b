import { join } from 'node:path'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import type { ComponentPaths } from './ensure-components.ts'
import { createKubectl, type Kubectl } from './kubectl.ts'
import { openTestbedFolder, type TestbedFolder } from './testbed-folder.ts'

const generated = join(import.meta.dirname, '..', '..', '..', 'crds', 'generated')

const CRD_FILES = ['necoruns', 'necosweeps'].map((name) => join(generated, `${name}.yaml`))

/** Applies the CRDs as a user would, and waits until the server serves them. */
async function applyCrds(kubectl: Kubectl): Promise<void> {
  const files = CRD_FILES.flatMap((path) => ['-f', path])
  await kubectl.ok(['apply', ...files])
  await kubectl.ok(['wait', '--for=condition=Established', '--timeout=60s', ...files])
}

interface TestbedOptions {
  readonly programs: ComponentPaths
  readonly log: (line: string) => void
  /** Users in addition to those of every testbed, with their groups. */
  readonly users?: Readonly<Record<string, readonly string[]>>
  /** False leaves the CRDs out, for tests of that mistake. */
  readonly crds?: boolean
}

/**
 * A control plane of its own with a folder, for tests that would disturb others: outages, charts,
 * users.
 */
export interface Testbed {
  readonly folder: TestbedFolder
  readonly programs: ComponentPaths
  readonly controlPlane: ControlPlane
  readonly kubectl: Kubectl
  /** Ends all programs and removes the folder. */
  readonly close: () => Promise<void>
}

/** Starts a control plane with the CRDs in a new folder under the system's temporary folder. */
export async function startTestbed(start: TestbedOptions): Promise<Testbed> {
  const folder = await openTestbedFolder()
  const cleanups: (() => Promise<void>)[] = [folder.remove]
  const close = async (): Promise<void> => {
    for (const end of cleanups.splice(0).reverse()) await end()
  }
  try {
    const program = start.programs.kubectl
    const cacheFolder = join(folder.path, 'kube-cache')
    const controlPlane = await startControlPlane({
      folder,
      ...start,
      served: async (kubeconfig) => {
        if (start.crds ?? true) await applyCrds(createKubectl({ program, cacheFolder, kubeconfig }))
      },
    })
    cleanups.push(controlPlane.close)
    const kubectl = createKubectl({ program, cacheFolder, kubeconfig: controlPlane.kubeconfig })
    return { folder, programs: start.programs, controlPlane, kubectl, close }
  } catch (cause) {
    await close()
    throw cause
  }
}
