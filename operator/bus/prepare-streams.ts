import { JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from 'nats'
import {
  buildDesiredStreams,
  type DesiredStream,
  findIgnoredSettings,
  type StreamLimits,
} from './stream-settings.ts'
import { buildBusError } from './to-bus-error.ts'

export interface PrepareOptions {
  readonly servers: readonly string[]
  readonly limits: StreamLimits
}

/** Whether a server knows all that is asked of it; 2.11 is the first that does. */
export function isSupportedVersion(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 2 || (major === 2 && minor >= 11)
}

/**
 * Makes the streams, or changes them to what is wanted, and reads them back. Throws BusTooOld,
 * BusSettingsIgnored, and what the client throws.
 */
export async function prepareStreams(
  connection: NatsConnection,
  { servers, limits }: PrepareOptions,
): Promise<void> {
  const version = connection.info?.version ?? 'unknown'
  if (!isSupportedVersion(version)) {
    throw buildBusError('BusTooOld', servers, { what: `its version is ${version}` })
  }
  const manager = await jetstreamManager(connection)
  for (const desired of buildDesiredStreams(limits)) {
    await createOrUpdateStream(manager, desired, servers)
    const { config } = await manager.streams.info(desired.name)
    const ignored = findIgnoredSettings(desired, config)
    if (ignored.length === 0) continue
    const what = `stream ${desired.name}: ${ignored.join('; ')}`
    throw buildBusError('BusSettingsIgnored', servers, { what })
  }
}

async function createOrUpdateStream(
  { streams }: JetStreamManager,
  desired: DesiredStream,
  servers: readonly string[],
): Promise<void> {
  const found = await streams.info(desired.name).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
  if (found === undefined) {
    await streams.add(desired)
  } else if (findIgnoredSettings(desired, found.config).length > 0) {
    await streams.update(desired.name, desired).catch((cause: unknown) => {
      if (!(cause instanceof JetStreamApiError)) throw cause
      const what = `stream ${desired.name} cannot be changed: ${cause.message}`
      throw buildBusError('BusSettingsIgnored', servers, { what, cause })
    })
  }
}

const STREAM_NOT_FOUND = 10059
const isNotFound = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND
