import { describe, expect, test } from 'vitest'
import { buildCrd, KINDS } from '../../../crds/generators/to-crd.ts'
import { API_GROUP, API_GROUP_VERSION } from '../../../crds/names.ts'
import type { ApiClient } from '../../../kube/client/api-client.ts'
import { ApiError } from '../../../kube/client/api-error.ts'
import { checkApiServer } from './check-api-server.ts'
import { missingFields } from './missing-fields.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const crdPath = (plural: string) => `${CRDS}/${plural}.${API_GROUP}`
const names = ['necoruns', 'necoruns/status', 'necosweeps', 'necosweeps/status']

const HEALTHY: Readonly<Record<string, unknown>> = {
  [`/apis/${API_GROUP}`]: { versions: [{ version: 'v1alpha1' }] },
  [`/apis/${API_GROUP_VERSION}`]: { resources: names.map((name) => ({ name })) },
  [`/apis/${API_GROUP_VERSION}/necoruns`]: { items: [] },
  [`/apis/${API_GROUP_VERSION}/necosweeps`]: { items: [] },
  ...Object.fromEntries(KINDS.map((kind) => [crdPath(kind.plural), buildCrd(kind)])),
}

const failure = (status: number, reason: string) =>
  new ApiError({ status, reason, message: `GET: ${status} ${reason}` })

/** An API server that answers by a table; what is not in it is not there. */
const answering = (table: Readonly<Record<string, unknown>>): ApiClient => ({
  request: async ({ path }) => {
    const found = table[path] ?? failure(404, 'NotFound')
    if (found instanceof Error) throw found
    return found
  },
  stream: () => {
    throw new Error('nothing is watched here')
  },
  close: () => undefined,
})

const check = (change: Readonly<Record<string, unknown>>, namespaces: readonly string[] = []) =>
  checkApiServer({ api: answering({ ...HEALTHY, ...change }), namespaces })

describe('the check of the API server', () => {
  test('is content with one that has everything', async () => {
    expect(await check({})).toEqual({ state: 'Ready' })
  })

  test('says that the CRDs are missing and how to install them', async () => {
    expect(await check({ [`/apis/${API_GROUP}`]: undefined })).toEqual({
      state: 'Refused',
      message:
        'the CRDs of neco.dev (necoruns.neco.dev and necosweeps.neco.dev) are not installed: install those of this version: helm upgrade --install with the chart neco-operator, or kubectl apply --server-side -f crds/generated/',
    })
  })

  test('names the one CRD that is missing', async () => {
    const resources = names.slice(0, 2).map((name) => ({ name }))
    const { message } = (await check({
      [`/apis/${API_GROUP_VERSION}`]: { resources },
    })) as { message: string }
    expect(message).toMatch(/^missing CRDs: necosweeps\.neco\.dev; install/)
  })

  test('tells CRDs of another version, and of an older release of the same one', async () => {
    const other = await check({ [`/apis/${API_GROUP}`]: { versions: [{ version: 'v1' }] } })
    expect(other).toMatchObject({
      state: 'Refused',
      message: expect.stringContaining('are of another version (v1, not v1alpha1)'),
    })
    const old = JSON.parse(JSON.stringify(HEALTHY[crdPath('necoruns')]))
    const { properties } = old.spec.versions[0].schema.openAPIV3Schema
    delete properties.spec.properties.pod.properties.runtimeClassName
    delete properties.status.properties.tasks.items.properties.cause
    expect(await check({ [crdPath('necoruns')]: old })).toMatchObject({
      state: 'Refused',
      message: expect.stringContaining(
        'the CRD necoruns.neco.dev is of an older release, without spec.pod.runtimeClassName, status.tasks[].cause:',
      ),
    })
  })

  test('does without the right to read CRDs', async () => {
    const forbidden = failure(403, 'Forbidden')
    expect(await check({ [crdPath('necoruns')]: forbidden })).toEqual({ state: 'Ready' })
  })

  test('names the right that is lacking, and where', async () => {
    const forbidden = failure(403, 'Forbidden')
    expect(await check({ [`/apis/${API_GROUP_VERSION}/necosweeps`]: forbidden })).toMatchObject({
      state: 'Refused',
      message: expect.stringContaining('may not list necosweeps in all namespaces'),
    })
    const inLab = `/apis/${API_GROUP_VERSION}/namespaces/lab/necoruns`
    expect(await check({ [inLab]: forbidden }, ['lab'])).toMatchObject({
      message: expect.stringContaining('may not list necoruns in namespace lab'),
    })
  })

  test('refuses credentials that are not known', async () => {
    expect(await check({ [`/apis/${API_GROUP}`]: failure(401, 'Unauthorized') })).toMatchObject({
      state: 'Refused',
      message: expect.stringContaining('does not know who this is: renew the credentials'),
    })
  })

  test.each([
    ['is not reached', failure(0, 'Network')],
    ['is starting', failure(503, 'ServiceUnavailable')],
    ['has too much to do', failure(429, 'TooManyRequests')],
  ])('tries again where the server %s', async (_, error) => {
    expect((await check({ [`/apis/${API_GROUP}`]: error })).state).toBe('Away')
  })
})

describe('missing fields', () => {
  test('are none of the same CRD, and none where the other has more', () => {
    for (const kind of KINDS) expect(missingFields(buildCrd(kind), buildCrd(kind))).toEqual([])
  })
})
