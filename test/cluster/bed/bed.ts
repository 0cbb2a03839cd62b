import { join } from 'node:path'
import { type BedFolder, openBedFolder } from './bed-folder.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { applyCrds } from './crds.ts'
import type { ComponentPaths } from './ensure-components.ts'
import { type Kubectl, makeKubectl } from './kubectl.ts'

interface Start {
  readonly programs: ComponentPaths
  readonly log: (line: string) => void
  /** Users besides those every bed has, with their groups. */
  readonly users?: Readonly<Record<string, readonly string[]>>
  /** False leaves our kinds out, for what a user sees who forgot them. */
  readonly crds?: boolean
}

/** A control plane of one's own with a folder, for what would disturb others: outages, charts, users. */
export interface Bed {
  readonly folder: BedFolder
  readonly programs: ComponentPaths
  readonly controlPlane: ControlPlane
  readonly kubectl: Kubectl
  /** Ends all that was started and removes the folder. */
  readonly close: () => Promise<void>
}

/** Starts a control plane with our kinds in a fresh folder under the system's temporary folder. */
export async function startBed(start: Start): Promise<Bed> {
  const folder = await openBedFolder()
  const ends: (() => Promise<void>)[] = [folder.remove]
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end()
  }
  try {
    const controlPlane = await startControlPlane({ folder, ...start })
    ends.push(controlPlane.close)
    const kubectl = makeKubectl({
      program: start.programs.kubectl,
      cacheFolder: join(folder.path, 'kube-cache'),
      kubeconfig: controlPlane.kubeconfig,
    })
    if (start.crds ?? true) await applyCrds(kubectl)
    return { folder, programs: start.programs, controlPlane, kubectl, close }
  } catch (cause) {
    await close()
    throw cause
  }
}
