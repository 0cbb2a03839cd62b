import type { V1Job, V1Secret } from '@kubernetes/client-node'
import { ReaderConfig } from '../../../contract/bus-messages.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { ReaderRequest } from '../../ports/job-request.ts'
import type { FrozenPlacement } from './frozen-placement.ts'
import { READER, readerPodSpec } from './reader-pod.ts'
import {
  BUS_KEYS,
  busAccess,
  ownerOf,
  POD_PATHS,
  type PodBus,
  runLabels,
} from './run-config-map.ts'

const CONFIG_KEY = 'reader.json'
/** A reader tries for so long to reach NATS; beyond that another is made later. */
const SHIP_SECONDS = 240
const ACTIVE_SECONDS = 600

const labelsOf = (request: ReaderRequest): Record<string, string> => ({
  ...runLabels(request),
  'app.kubernetes.io/component': READER,
})

const metadataOf = (request: ReaderRequest) => ({
  name: request.name,
  namespace: request.namespace,
  labels: labelsOf(request),
  ownerReferences: [ownerOf(request)],
})

const configOf = ({ namespace, owner, runKeys }: ReaderRequest, bus: PodBus): ReaderConfig =>
  ReaderConfig.parse({
    schemaVersion: 1,
    storage: POD_PATHS.storage,
    runKeys,
    bus: { ...busAccess(bus), namespace, runUid: owner.uid },
  })

export interface ReaderGiven {
  readonly bus: PodBus
  /** What the NATS client reads: a JWT and its seed. */
  readonly credentials: string
}

/** All that a reader is told, its credentials included, named as its Job and owned by the run. */
export const buildReaderSecret = (
  request: ReaderRequest,
  { bus, credentials }: ReaderGiven,
): V1Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: metadataOf(request),
  type: 'Opaque',
  immutable: true,
  stringData: {
    [CONFIG_KEY]: JSON.stringify(configOf(request, bus)),
    [BUS_KEYS.credentials]: credentials,
    ...omitUndefined({ [BUS_KEYS.ca]: bus.caCertificate }),
  },
})

const FLAGS = [
  ...['--ship', '--config', `${POD_PATHS.bus}/${CONFIG_KEY}`],
  ...['--within', String(SHIP_SECONDS)],
]

/** The short Job that ships what ended pods of a run left on the storage: where they ran, without their GPUs. */
export const buildReaderJob = (request: ReaderRequest, frozen: FrozenPlacement): V1Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: metadataOf(request),
  spec: {
    completions: 1,
    parallelism: 1,
    backoffLimit: 0,
    activeDeadlineSeconds: ACTIVE_SECONDS,
    template: {
      metadata: { labels: labelsOf(request) },
      spec: readerPodSpec({
        placement: request.placement,
        frozen,
        flags: FLAGS,
        secretName: request.name,
      }),
    },
  },
})
