import type { ControlPlaneFiles } from './control-plane-files.ts'

export interface ControlPlanePorts {
  readonly api: number
  readonly etcd: number
  readonly etcdPeer: number
}

/**
 * How fast a lost node is noticed and its pods are evicted: seconds here, minutes on a real
 * cluster.
 */
const NODE_GRACE = '6s'
const TOLERATION_SECONDS = 4

/** No fsync: a testbed need not survive a crash of the machine. */
export function etcdFlags(files: ControlPlaneFiles, ports: ControlPlanePorts): readonly string[] {
  const client = `http://127.0.0.1:${ports.etcd}`
  const peer = `http://127.0.0.1:${ports.etcdPeer}`
  return [
    `--data-dir=${files.etcdData}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ]
}

export function apiServerFlags(
  files: ControlPlaneFiles,
  ports: ControlPlanePorts,
): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    // The address of a testbed is a loopback address, which an Endpoints object may not hold.
    '--endpoint-reconciler-type=none',
    `--secure-port=${ports.api}`,
    `--tls-cert-file=${files.certFile}`,
    `--tls-private-key-file=${files.keyFile}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${files.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--token-auth-file=${files.tokens}`,
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
    // One file, never rotated: tests count its lines.
    '--audit-log-maxsize=4096',
    `--default-not-ready-toleration-seconds=${TOLERATION_SECONDS}`,
    `--default-unreachable-toleration-seconds=${TOLERATION_SECONDS}`,
    '--profiling=false',
  ]
}

/**
 * Many objects per second: the operator must be the bottleneck, not the default limits of other
 * components.
 */
const UNHURRIED = ['--kube-api-qps=300', '--kube-api-burst=600', '--leader-elect=false']

export function controllerManagerFlags(
  files: ControlPlaneFiles,
  kubeconfig: string,
): readonly string[] {
  return [
    ...UNHURRIED,
    `--kubeconfig=${kubeconfig}`,
    '--secure-port=0',
    '--use-service-account-credentials=true',
    `--root-ca-file=${files.caFile}`,
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    '--node-monitor-period=1s',
    `--node-monitor-grace-period=${NODE_GRACE}`,
    `--node-startup-grace-period=${NODE_GRACE}`,
    '--node-eviction-rate=10',
    '--secondary-node-eviction-rate=10',
    '--pvclaimbinder-sync-period=1s',
    '--profiling=false',
  ]
}

export const schedulerFlags = (kubeconfig: string): readonly string[] => [
  ...UNHURRIED,
  `--kubeconfig=${kubeconfig}`,
  '--secure-port=0',
  '--profiling=false',
]
