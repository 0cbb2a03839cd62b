import type { ApiClient } from '../client/api-client.ts'
import type { ApiRequest } from '../client/api-request.ts'
import { type ApiResource, buildCollectionPath, buildObjectPath } from '../client/resource-path.ts'
import type { ObjectKey } from '../object-key.ts'

const LEASE_RESOURCE: ApiResource = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
}

export interface LeaseSpec {
  readonly holderIdentity?: string
  readonly leaseDurationSeconds?: number
  readonly acquireTime?: string
  readonly renewTime?: string
  readonly leaseTransitions?: number
}

/** A Lease as the API server has it. */
export interface Lease {
  readonly metadata: ObjectKey & { readonly resourceVersion: string }
  readonly spec?: LeaseSpec
}

type RequestLimits = Pick<ApiRequest, 'signal' | 'timeoutMs'>

/** One Lease on an API server. Every method fails with ApiError. */
export interface LeaseLock {
  get(limits: RequestLimits): Promise<Lease>
  create(spec: LeaseSpec, limits: RequestLimits): Promise<Lease>
  /** Replaces the spec where the Lease has not changed since. */
  update(lease: Lease, spec: LeaseSpec, limits: RequestLimits): Promise<Lease>
}

export function createLeaseLock(api: ApiClient, key: ObjectKey): LeaseLock {
  const path = buildObjectPath(LEASE_RESOURCE, key)
  const { apiVersion, kind } = LEASE_RESOURCE
  const send = async (request: ApiRequest): Promise<Lease> => (await api.request(request)) as Lease
  return {
    get: (limits) => send({ ...limits, method: 'GET', path }),
    create: (spec, limits) =>
      send({
        ...limits,
        method: 'POST',
        path: buildCollectionPath(LEASE_RESOURCE, key.namespace),
        body: { apiVersion, kind, metadata: key, spec },
      }),
    update: ({ metadata }, spec, limits) =>
      send({ ...limits, method: 'PUT', path, body: { apiVersion, kind, metadata, spec } }),
  }
}

/** A time as Leases and Events have it: with six digits after the second, no more and no fewer. */
export const toMicroTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')

/** The spec by which a process takes or keeps a Lease; a new holder counts as a transition. */
export function buildHeldLeaseSpec(
  old: LeaseSpec | undefined,
  holder: { readonly identity: string; readonly nowMs: number; readonly leaseDurationMs: number },
): LeaseSpec {
  const isOurs = old?.holderIdentity === holder.identity
  const time = toMicroTime(holder.nowMs)
  const transitions = old?.leaseTransitions ?? 0
  return {
    holderIdentity: holder.identity,
    leaseDurationSeconds: Math.max(1, Math.ceil(holder.leaseDurationMs / 1000)),
    acquireTime: isOurs ? (old.acquireTime ?? time) : time,
    renewTime: time,
    leaseTransitions: old === undefined || isOurs ? transitions : transitions + 1,
  }
}

/** The spec by which a holder gives a Lease back. */
export const buildReleasedLeaseSpec = (old: LeaseSpec, nowMs: number): LeaseSpec => ({
  ...old,
  holderIdentity: '',
  leaseDurationSeconds: 1,
  renewTime: toMicroTime(nowMs),
})
