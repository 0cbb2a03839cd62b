import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type ApiConnection, formatApiRefusal } from './api-connection.ts'
import type { Delay } from './delay.ts'
import { type Pod, toPodName } from './pod-object.ts'
import type { ReportedStatus } from './pod-status.ts'

interface StatusPorts {
  readonly api: ApiConnection
  readonly delay: Delay
  readonly log: (line: string) => void
  readonly signal: AbortSignal
}

const RETRY_MS = 500

/**
 * Writes the status of one pod when it changes: only the newest, one at a time, with retries while
 * the API server is unreachable.
 */
export class StatusWriter {
  readonly #pod: Pod
  readonly #ports: StatusPorts
  #wanted: ReportedStatus | undefined
  #sent: ReportedStatus | undefined
  #isGone = false
  #writing: Promise<void> | undefined

  constructor(pod: Pod, ports: StatusPorts) {
    this.#pod = pod
    this.#ports = ports
  }

  write(status: ReportedStatus): void {
    this.#wanted = status
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined
    })
  }

  /** Resolves when nothing is left to write. */
  async flushed(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
  }

  async #writeAll(): Promise<void> {
    // Changes in the same tick are written together.
    await setImmediate()
    while (this.#isBehind()) {
      const status = this.#wanted
      if (await this.#tryWrite()) this.#sent = status
      else await this.#ports.delay(RETRY_MS, this.#ports.signal)
    }
  }

  #isBehind(): boolean {
    if (this.#isGone || this.#ports.signal.aborted) return false
    return !isDeepStrictEqual(this.#wanted, this.#sent)
  }

  async #tryWrite(): Promise<boolean> {
    const { api, log, signal } = this.#ports
    const { namespace, name, uid } = this.#pod.metadata
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`
    try {
      const body = { metadata: { uid }, status: this.#wanted }
      const answer = await api.call({ method: 'PATCH', path, body })
      // The uid differs (409) or nothing is there (404): the pod was deleted.
      this.#isGone = answer.status === 404 || answer.status === 409
      if (answer.status === 200 || this.#isGone) return true
      log(`${toPodName(this.#pod)}: status refused: ${formatApiRefusal(answer)}`)
    } catch (error) {
      if (!signal.aborted) log(`${toPodName(this.#pod)}: status not written: ${String(error)}`)
    }
    return false
  }
}
