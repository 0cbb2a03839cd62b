import { containerEnvironment, type Environment, expandReferences } from './container-env.ts'
import type { Mount } from './executor.ts'
import type { PlacedPod } from './field-reference.ts'
import {
  environmentReferences,
  type KeyedObjects,
  type ReferencedObjects,
  resolved,
} from './keyed-objects.ts'
import type { Container, Pod, Waiting } from './pod-object.ts'
import { containerMounts, type VolumeFolders } from './pod-volumes.ts'

/** An image of this kubelet: a folder that containers see, read-only, at `/app`. */
export interface Image {
  readonly root: string
  /** Digest that pods report as their image's; made of the name when absent. */
  readonly imageId?: string
}

/** Images by name. Others cannot be pulled. */
export type Images = Readonly<Record<string, Image>>

/** Where containers see the folder of their image. */
const IMAGE_PATH = '/app'

export interface PlanSources {
  readonly placed: PlacedPod
  readonly container: Container
  readonly images: Images
  /** Undefined where containers see no files. */
  readonly volumes: VolumeFolders | undefined
  readonly baseEnvironment: Environment
  readonly readObjects: (names: ReferencedObjects) => Promise<KeyedObjects>
}

/** How a container is to be started. */
export interface ContainerPlan {
  readonly command: readonly string[]
  readonly environment: Environment
  readonly workingDir: string
  readonly mounts: readonly Mount[]
}

/** A plan, or what the container waits for: its reasons one after the other until the next try. */
export type PlannedContainer =
  | { readonly kind: 'Planned'; readonly plan: ContainerPlan }
  | { readonly kind: 'Waits'; readonly reasons: readonly Waiting[] }

const waits = (...reasons: readonly Waiting[]): PlannedContainer => ({ kind: 'Waits', reasons })

const configError = (message: string): PlannedContainer =>
  waits({ reason: 'CreateContainerConfigError', message })

/**
 * Plans how a container starts, or why it must wait, with the reasons of a real kubelet. Rejects
 * when the API server is unreachable.
 */
export async function planContainer(sources: PlanSources): Promise<PlannedContainer> {
  const { container, images, placed } = sources
  const image = images[container.image ?? '']
  if (image === undefined) return imageMissing(container)
  if (mustNotBeRoot(placed.pod, container)) {
    return configError(
      `container has runAsNonRoot and image will run as root (container: ${container.name})`,
    )
  }
  const environment = containerEnvironment(container, {
    placed,
    objects: await sources.readObjects(environmentReferences(container)),
    base: sources.baseEnvironment,
  })
  if (!environment.ok) return configError(environment.message)
  const expand = (text: string) => expandReferences(text, environment.value)
  const command = planCommand(container).map(expand)
  if (command.length === 0) return commandMissing
  const mounts = await planMounts(sources, expand)
  if (!mounts.ok) return configError(mounts.message)
  const plan = {
    command,
    environment: environment.value,
    workingDir: container.workingDir ?? IMAGE_PATH,
    mounts: [{ source: image.root, target: IMAGE_PATH, readOnly: true }, ...mounts.value],
  }
  return { kind: 'Planned', plan }
}

const planMounts = async ({ container, volumes }: PlanSources, expand: (text: string) => string) =>
  volumes === undefined ? resolved([]) : containerMounts(container, volumes, expand)

const planCommand = ({ command, args = [] }: Container): readonly string[] =>
  command === undefined || command.length === 0 ? [] : [...command, ...args]

const commandMissing = waits({
  reason: 'CreateContainerError',
  message: 'no command specified: the process kubelet knows no entrypoints of images',
})

function imageMissing({ image = '', imagePullPolicy }: Container): PlannedContainer {
  if (imagePullPolicy === 'Never') {
    const message = `Container image "${image}" is not present with pull policy of Never`
    return waits({ reason: 'ErrImageNeverPull', message })
  }
  const cause = `failed to pull and unpack image "${image}": not found`
  return waits(
    { reason: 'ErrImagePull', message: cause },
    {
      reason: 'ImagePullBackOff',
      message: `Back-off pulling image "${image}": ErrImagePull: ${cause}`,
    },
  )
}

function mustNotBeRoot(pod: Pod, { securityContext: own }: Container): boolean {
  const ofPod = pod.spec.securityContext
  const user = own?.runAsUser ?? ofPod?.runAsUser
  return (own?.runAsNonRoot ?? ofPod?.runAsNonRoot ?? false) && (user ?? 0) === 0
}
