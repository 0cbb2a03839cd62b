import type {
  CommandName,
  CommandReply,
  CommandRequest,
  Heartbeat,
} from '../../contract/bus-messages.ts'
import {
  type AttemptAddress,
  buildCommandSubject,
  buildProgressKey,
} from '../../contract/bus-names.ts'
import { createHeartbeatCache } from '../../operator/bus/heartbeat-cache.ts'
import { type Bus, type BusChange, BusError, type BusHealth } from '../../operator/ports/bus.ts'

/** A bus in memory that a test controls. */
export interface SimulatedBus extends Bus {
  readonly publishHeartbeat: (address: AttemptAddress, heartbeat: Heartbeat) => void
  readonly serve: (
    address: AttemptAddress,
    answer: (request: CommandRequest) => CommandReply,
  ) => void
  /** Starts or ends an outage of the server. */
  readonly setAway: (isAway: boolean) => void
  /** Commands that were sent, with their run. */
  readonly commands: readonly { readonly runUid: string; readonly name: CommandName }[]
}

const VALID_MS = 30 * 24 * 3_600_000

/** Makes a bus that is connected and empty; `nowMs` is the clock of its platform. */
export function simulatedBus(nowMs: () => number): SimulatedBus {
  const heartbeats = createHeartbeatCache()
  const served = new Map<string, (request: CommandRequest) => CommandReply>()
  const watchers = new Set<(change: BusChange) => void>()
  const commands: { runUid: string; name: CommandName }[] = []
  let health: BusHealth = { state: 'Connected', sinceMs: nowMs() }
  let revision = 0
  const notify = (change: BusChange): void => {
    for (const watcher of watchers) watcher(change)
  }
  const isAway = (): boolean => health.state !== 'Connected'
  const throwIfAway = (): void => {
    if (isAway()) throw new BusError('BusUnreachable', 'the simulated bus is away')
  }
  return {
    health: () => health,
    issueCredentials: ({ runUid }) =>
      Promise.resolve({ text: `credentials for ${runUid}`, expiresMs: nowMs() + VALID_MS }),
    async sendCommand(address, { name }) {
      const answer = served.get(buildCommandSubject(address))
      if (isAway() || answer === undefined) return { state: 'NoAnswer', why: 'no responder' }
      commands.push({ runUid: address.runUid, name })
      return answer({ schemaVersion: 1, command: name })
    },
    findHeartbeat: (address) => heartbeats.find(buildProgressKey(address)),
    findRunHeartbeat: (runUid) => heartbeats.findByRun(runUid),
    watch(changed) {
      watchers.add(changed)
      return () => watchers.delete(changed)
    },
    close: () => Promise.resolve(),
    publishHeartbeat(address, heartbeat) {
      throwIfAway()
      const runUid = heartbeats.receive(
        buildProgressKey(address),
        ++revision,
        JSON.stringify(heartbeat),
      )
      if (runUid !== undefined) notify({ kind: 'Run', runUid })
    },
    serve: (address, answer) => void served.set(buildCommandSubject(address), answer),
    setAway(away) {
      const problem = { code: 'BusUnreachable', message: 'the simulated bus is away' } as const
      health = away
        ? { state: 'Degraded', sinceMs: nowMs(), problem }
        : { state: 'Connected', sinceMs: nowMs() }
      notify({ kind: 'Health' })
    },
    commands,
  }
}
