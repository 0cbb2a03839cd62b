import type { Environment } from './container-env.ts'
import type { Container, Pod } from './pod-object.ts'

/**
 * What runs the containers of a kubelet. A port with two implementations: processes, and a script.
 */
export interface Executor {
  /** Whether containers see files and variables, so that the kubelet must prepare them. */
  readonly readsFiles: boolean
  /** Starts a container. Rejects with a `ContainerStartError` when it cannot be started. */
  readonly start: (start: ContainerStart) => Promise<RunningContainer>
}

export interface Mount {
  /** Folder or file on this machine. */
  readonly source: string
  /** Absolute path in the container. */
  readonly target: string
  readonly readOnly: boolean
}

export interface ContainerStart {
  readonly pod: Pod
  readonly container: Container
  readonly command: readonly string[]
  readonly environment: Environment
  readonly workingDir: string
  readonly mounts: readonly Mount[]
  /** A folder of this one container run, which exists and is empty. */
  readonly folder: string
  /** The log file for stdout and stderr. */
  readonly logPath: string
  /** Names that the container resolves to addresses, as in `/etc/hosts`. */
  readonly hosts: Readonly<Record<string, string>>
}

export interface ContainerEnd {
  /** As a runtime reports it: 128 + the signal number for a container that a signal ended. */
  readonly exitCode: number
  /** `Completed` or `Error` when absent. */
  readonly reason?: string
  /** The termination message, at most 4096 bytes. */
  readonly terminationMessage?: string
  /** The whole pod ends with it, as after an eviction by the kubelet. */
  readonly podEnd?: PodEnd
}

/** Why a kubelet ended a pod by itself. */
export interface PodEnd {
  /** Such as `Evicted`. */
  readonly reason: string
  readonly message: string
  /** Reason of a condition `DisruptionTarget`, such as `TerminationByKubelet`. */
  readonly disruption?: string
}

export interface RunningContainer {
  readonly ended: Promise<ContainerEnd>
  /** Stops it within the grace period. A later call can only shorten it. */
  readonly stop: (graceMs: number) => void
  /** Runs a command inside and gives its exit code; for probes. */
  readonly execute: (command: readonly string[], timeoutMs: number) => Promise<number>
}

/** A container could not be started: `StartError` in runtimes. */
export class ContainerStartError extends Error {
  override readonly name = 'ContainerStartError'
  readonly code = 'StartError'
}
