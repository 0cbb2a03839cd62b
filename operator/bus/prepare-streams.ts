import { JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from 'nats'
import { busError } from './name-bus-failure.ts'
import {
  ignoredSettings,
  type StreamLimits,
  type WantedStream,
  wantedStreams,
} from './stream-settings.ts'

export interface PrepareOptions {
  readonly servers: readonly string[]
  readonly limits: StreamLimits
}

/** Whether a server knows all that is asked of it; 2.11 is the first that does. */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 2 || (major === 2 && minor >= 11)
}

/** Makes the streams, or changes them to what is wanted, and reads them back. Throws BusTooOld, BusSettingsIgnored, and what the client throws. */
export async function prepareStreams(
  connection: NatsConnection,
  { servers, limits }: PrepareOptions,
): Promise<void> {
  const version = connection.info?.version ?? 'unknown'
  if (!isNewEnough(version)) {
    throw busError('BusTooOld', servers, { what: `its version is ${version}` })
  }
  const manager = await jetstreamManager(connection)
  for (const wanted of wantedStreams(limits)) {
    await makeOrChange(manager, wanted, servers)
    const { config } = await manager.streams.info(wanted.name)
    const ignored = ignoredSettings(wanted, config)
    if (ignored.length === 0) continue
    const what = `stream ${wanted.name}: ${ignored.join('; ')}`
    throw busError('BusSettingsIgnored', servers, { what })
  }
}

async function makeOrChange(
  { streams }: JetStreamManager,
  wanted: WantedStream,
  servers: readonly string[],
): Promise<void> {
  const found = await streams.info(wanted.name).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
  if (found === undefined) {
    await streams.add(wanted)
  } else if (ignoredSettings(wanted, found.config).length > 0) {
    await streams.update(wanted.name, wanted).catch((cause: unknown) => {
      if (!(cause instanceof JetStreamApiError)) throw cause
      const what = `stream ${wanted.name} cannot be changed: ${cause.message}`
      throw busError('BusSettingsIgnored', servers, { what, cause })
    })
  }
}

const STREAM_NOT_FOUND = 10059
const isNotFound = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND
