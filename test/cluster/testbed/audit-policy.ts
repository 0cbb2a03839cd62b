import { stringify } from 'yaml'
import { API_GROUP } from '../../../crds/names.ts'

const READS = ['get', 'list', 'watch']
const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection']

/** What the API server notes: every request once, when it is answered, but for the reads of its own programs; writes of our kinds with their bodies. */
export const auditPolicy = (): string =>
  stringify({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived', 'ResponseStarted'],
    rules: [
      {
        level: 'None',
        users: ['system:apiserver', 'system:kube-controller-manager', 'system:kube-scheduler'],
        verbs: READS,
      },
      { level: 'None', userGroups: ['system:serviceaccounts:kube-system'], verbs: READS },
      { level: 'None', nonResourceURLs: ['/*'] },
      { level: 'Request', verbs: WRITES, resources: [{ group: API_GROUP }] },
      { level: 'Metadata' },
    ],
  })
