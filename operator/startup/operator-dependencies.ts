import type { KubeConfig } from '@kubernetes/client-node'
import type { Clock } from '../../std/clock.ts'
import type { OperatorConfig } from '../config.ts'
import type { EventLoopLagMonitor } from '../observability/event-loop-lag.ts'
import type { Log } from '../observability/log.ts'
import type { ProcessUsage } from '../observability/operator-gauges.ts'

/** What main.ts gives the operator: its configuration, clocks and chance. */
export interface OperatorDependencies {
  readonly config: OperatorConfig
  readonly kubeConfig: KubeConfig
  /** Of this process alone; stands in the Lease and in Events. */
  readonly identity: string
  /** Of the Lease, where the configuration names none. */
  readonly namespace: string
  /** The address of the pod; every one of the machine where left out. */
  readonly podAddress?: string | undefined
  readonly log: Log
  /** Of wall time. */
  readonly clock: Clock
  /** Monotonic. */
  readonly monotonicClock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly lagMonitor: EventLoopLagMonitor
  readonly readProcessUsage: () => ProcessUsage
  /** Called at once when the Lease is lost: nothing may be written any more. */
  readonly onLeaseLost: () => void
}

/** How the operator ends. Refused: what the message says must be set right first. */
export type OperatorOutcome =
  | { readonly kind: 'Stopped' }
  | { readonly kind: 'LeaseLost' }
  | { readonly kind: 'Refused'; readonly message: string }
