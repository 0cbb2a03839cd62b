import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildCrd, KINDS } from '../../crds/generators/to-crd.ts'
import { API_GROUP, API_GROUP_VERSION } from '../../crds/names.ts'
import { createApiClient } from '../../kube/client/api-client.ts'
import { createApiEndpoint } from '../../kube/client/api-endpoint.ts'
import { FakeApiServer } from '../../test/fakes/fake-api-server.ts'
import { createManualClock } from '../../test/fakes/manual-clock.ts'
import { buildTeamCluster } from '../../test/fakes/team-cluster.ts'
import { parseManifestText } from '../manifest/read-manifest.ts'
import { applyStudy } from './apply-study.ts'
import { createExplainingClient } from './explain-api-error.ts'
import { findStudy } from './find-study.ts'
import type { Cluster } from './open-cluster.ts'

const NAMES = ['necoruns', 'necoruns/status', 'necosweeps', 'necosweeps/status']
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const INSTALL =
  'install those of this version: helm upgrade --install with the chart neco-operator, or kubectl apply --server-side -f crds/generated/'
const text = `
apiVersion: neco.dev/v1alpha1
kind: NeCoSweep
metadata: { name: study }
spec:
  parallelism: 2
  axes: [{ parameter: loss.epsilon, values: [0.05, 0.1] }]
  run: { data: { kind: Scenes, count: 16 } }
`

let server: FakeApiServer
let cluster: Cluster
beforeEach(async () => {
  server = new FakeApiServer()
  await server.listen()
  const clock = createManualClock()
  const api = createApiClient({ endpoint: createApiEndpoint(server.kubeConfig), clock })
  const location = { server: 'https://gpu (context gpu)', namespace: 'team' }
  cluster = buildTeamCluster({ api: createExplainingClient(api, location), clock })
})
afterEach(async () => {
  cluster.api.close()
  await server.close()
})

function serve(versions: readonly string[], names: readonly string[] = NAMES): void {
  server.documents.set(`/apis/${API_GROUP}`, { versions: versions.map((version) => ({ version })) })
  const resources = names.map((name) => ({ name }))
  server.documents.set(`/apis/${API_GROUP_VERSION}`, { resources })
  for (const kind of KINDS) {
    server.documents.set(`${CRDS}/${kind.plural}.${API_GROUP}`, buildCrd(kind))
  }
}

const unserved = (part: string) =>
  server.injectFault(
    ({ path }) => path.startsWith(`/apis/${API_GROUP}/`) && path.includes(part),
    'unserved',
  )

/** What an API server answers to a field that its CRD does not have. */
const refuseField = (field: string) =>
  server.injectFault(({ method }) => method === 'PATCH', {
    status: 500,
    reason: 'InternalError',
    message: `failed to create typed patch object (team/study; neco.dev/v1alpha1, Kind=NeCoSweep): .${field}: field not declared in schema`,
  })

const applied = () => {
  const manifest = parseManifestText({ file: 'study.yaml', text, overrides: [] })
  return applyStudy(cluster, { manifest, file: 'study.yaml', isForced: false })
}
const oneLine = (line: string) => ({ code: 'InputWrong', lines: [line] })
const at = (line: string) => oneLine(`https://gpu (context gpu): ${line}: ${INSTALL}`)

describe('a cluster whose CRDs are not those of this neco', () => {
  test('has none: the error names both, and how to install them', async () => {
    unserved('')
    const line = at(
      'the CRDs of neco.dev (necoruns.neco.dev and necosweeps.neco.dev) are not installed',
    )
    await expect(findStudy(cluster, 'study')).rejects.toMatchObject(line)
    await expect(applied()).rejects.toMatchObject(line)
  })

  test('has one of them: the error names the other', async () => {
    serve(['v1alpha1'], NAMES.slice(0, 2))
    unserved('/necosweeps')
    await expect(findStudy(cluster, 'study')).rejects.toMatchObject(
      oneLine(`https://gpu (context gpu): missing CRDs: necosweeps.neco.dev; ${INSTALL}`),
    )
  })

  test('has them in another version', async () => {
    serve(['v1', 'v2'])
    unserved('/v1alpha1/')
    await expect(findStudy(cluster, 'study')).rejects.toMatchObject(
      at(
        'the CRDs of neco.dev (necoruns.neco.dev and necosweeps.neco.dev) are of another version (v1, v2, not v1alpha1)',
      ),
    )
  })

  test('has them of an older release without a field of the manifest', async () => {
    serve(['v1alpha1'])
    const path = `${CRDS}/necosweeps.${API_GROUP}`
    const old = JSON.parse(JSON.stringify(server.documents.get(path)))
    delete old.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.parallelism
    server.documents.set(path, old)
    refuseField('spec.parallelism')
    await expect(applied()).rejects.toMatchObject(
      at('the CRD necosweeps.neco.dev is of an older release, without spec.parallelism'),
    )
  })

  test('has those, and the user may not read CRDs: the error names the unknown field', async () => {
    serve(['v1alpha1'])
    server.injectFault(({ path }) => path.startsWith(CRDS), { status: 403, reason: 'Forbidden' })
    refuseField('spec.parallelism')
    await expect(applied()).rejects.toMatchObject({
      lines: [
        expect.stringMatching(
          /: the CRD necosweeps\.neco\.dev is of another release than this neco \(.*\.spec\.parallelism: field not declared in schema\): install those of this version: helm/,
        ),
      ],
    })
  })

  test('is not suspected where an object does not exist', async () => {
    serve(['v1alpha1'])
    await expect(findStudy(cluster, 'study')).rejects.toMatchObject(
      oneLine('study: no NeCoSweep or NeCoRun of this name in namespace team; there is none'),
    )
  })
})

describe('a namespace', () => {
  const isPatch = ({ method }: { readonly method: string }) => method === 'PATCH'

  test('that does not exist: the error says how to create it', async () => {
    const details = { name: 'team', kind: 'namespaces' }
    const message = 'namespaces "team" not found'
    server.injectFault(isPatch, { status: 404, reason: 'NotFound', message, details })
    await expect(applied()).rejects.toMatchObject(
      oneLine(
        'study.yaml: namespaces "team" not found; make it with kubectl create namespace team',
      ),
    )
  })

  test('that is being deleted: the error suggests no role', async () => {
    const details = { causes: [{ reason: 'NamespaceTerminating', message: 'is being terminated' }] }
    const message = 'forbidden: unable to create new content in namespace team'
    server.injectFault(isPatch, { status: 403, reason: 'Forbidden', message, details })
    await expect(applied()).rejects.toMatchObject(
      oneLine(
        `https://gpu (context gpu): ${message}: wait until it is gone, or give another --namespace`,
      ),
    )
  })
})
