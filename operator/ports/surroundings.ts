import type { RunSpec } from '../../crds/spec/run-spec.ts'
import type { Obstacle } from './obstacle.ts'

export interface Placed {
  readonly namespace: string
  readonly spec: RunSpec
  /** How many such runs may be live at once. */
  readonly parallelism: number
}

/** What a home has beside the objects of the two kinds: claims, volumes, queues. */
export interface Surroundings {
  /** Empty where pods can start. Fails with Unavailable. */
  obstaclesTo(placed: Placed): Promise<readonly Obstacle[]>
}
