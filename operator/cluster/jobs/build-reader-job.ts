import type { V1Job, V1Secret } from '@kubernetes/client-node'
import { ReaderConfig } from '../../../contract/bus-messages.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { ReaderRequest } from '../../ports/job-request.ts'
import type { FrozenPlacement } from './frozen-placement.ts'
import { buildReaderPodSpec, READER_COMPONENT } from './reader-pod.ts'
import {
  BUS_KEYS,
  buildBusAccess,
  buildRunLabels,
  buildRunOwnerReference,
  POD_PATHS,
  type PodBus,
} from './run-config-map.ts'

const CONFIG_KEY = 'reader.json'
/** A reader tries for so long to reach NATS; beyond that another is made later. */
const SHIP_TIMEOUT_SECONDS = 240
const ACTIVE_DEADLINE_SECONDS = 600

const buildReaderLabels = (request: ReaderRequest): Record<string, string> => ({
  ...buildRunLabels(request),
  'app.kubernetes.io/component': READER_COMPONENT,
})

const buildReaderMetadata = (request: ReaderRequest) => ({
  name: request.name,
  namespace: request.namespace,
  labels: buildReaderLabels(request),
  ownerReferences: [buildRunOwnerReference(request)],
})

const buildReaderConfig = (
  { namespace, owner, runKeys }: ReaderRequest,
  bus: PodBus,
): ReaderConfig =>
  ReaderConfig.parse({
    schemaVersion: 1,
    storage: POD_PATHS.storage,
    runKeys,
    bus: { ...buildBusAccess(bus), namespace, runUid: owner.uid },
  })

export interface ReaderBusAccess {
  readonly bus: PodBus
  /** What the NATS client reads: a JWT and its seed. */
  readonly credentials: string
}

/**
 * The configuration of a reader, its credentials included, named as its Job and owned by the run.
 */
export const buildReaderSecret = (
  request: ReaderRequest,
  { bus, credentials }: ReaderBusAccess,
): V1Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: buildReaderMetadata(request),
  type: 'Opaque',
  immutable: true,
  stringData: {
    [CONFIG_KEY]: JSON.stringify(buildReaderConfig(request, bus)),
    [BUS_KEYS.credentials]: credentials,
    ...omitUndefined({ [BUS_KEYS.ca]: bus.caCertificate }),
  },
})

const READER_FLAGS = [
  ...['--ship', '--config', `${POD_PATHS.bus}/${CONFIG_KEY}`],
  ...['--within', String(SHIP_TIMEOUT_SECONDS)],
]

/**
 * The short Job that ships what ended pods of a run left on the storage: where they ran, without
 * their GPUs.
 */
export const buildReaderJob = (request: ReaderRequest, frozen: FrozenPlacement): V1Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: buildReaderMetadata(request),
  spec: {
    completions: 1,
    parallelism: 1,
    backoffLimit: 0,
    activeDeadlineSeconds: ACTIVE_DEADLINE_SECONDS,
    template: {
      metadata: { labels: buildReaderLabels(request) },
      spec: buildReaderPodSpec({
        placement: request.placement,
        frozen,
        flags: READER_FLAGS,
        secretName: request.name,
      }),
    },
  },
})
