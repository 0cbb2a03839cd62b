/** A program that the cluster tests need, and how to get it. */
export interface Component {
  readonly name: string
  readonly version: string
  /**
   * What another version must share with ours to be used from PATH: 1.36.x for Minor, 3.x for
   * Major.
   */
  readonly compatibleBy: 'Major' | 'Minor'
  /** Arguments that print its version. */
  readonly versionArgs: readonly string[]
  /** The folder under `go/` whose module builds it, and the package in it. */
  readonly module: string
  readonly package: string
  readonly flags: readonly string[]
  /** Minutes a build takes on two cores with nothing cached. */
  readonly buildMinutes: number
  /** How to get it without Go. */
  readonly alternativeSource: string
}

const KUBERNETES = '1.36.3'
const ENVTEST = 'setup-envtest (sigs.k8s.io/controller-runtime), and set KUBEBUILDER_ASSETS'

/** Without the stamp the programs call themselves v0.0.0, which clients refuse to compare. */
const kubernetesStamp = (): string => {
  const [major, minor] = KUBERNETES.split('.')
  const values = { gitVersion: `v${KUBERNETES}`, gitMajor: major, gitMinor: minor }
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
  return packages
    .flatMap((name) => Object.entries(values).map(([key, value]) => `-X ${name}.${key}=${value}`))
    .join(' ')
}

const kubernetes = (name: string, buildMinutes: number, versionArgs: readonly string[]) => ({
  name,
  version: KUBERNETES,
  compatibleBy: 'Minor' as const,
  versionArgs,
  module: 'control-plane',
  package: `k8s.io/kubernetes/cmd/${name}`,
  flags: ['-ldflags', `-s -w ${kubernetesStamp()}`],
  buildMinutes,
  alternativeSource: ENVTEST,
})

const prometheus = (name: string, buildMinutes: number) => ({
  name,
  version: '3.16.0',
  compatibleBy: 'Major' as const,
  versionArgs: ['--version'],
  module: 'prometheus',
  package: `github.com/prometheus/prometheus/cmd/${name}`,
  // The discovery of a dozen clouds is most of the build; the testbed lists its targets in a file.
  flags: [
    '-tags',
    'remove_all_sd',
    '-ldflags',
    '-s -w -X github.com/prometheus/common/version.Version=3.16.0',
  ],
  buildMinutes,
  alternativeSource: 'prometheus.io/download (3.x; prometheus and promtool)',
})

export const COMPONENTS = {
  etcd: {
    name: 'etcd',
    version: '3.6.8',
    compatibleBy: 'Minor',
    versionArgs: ['--version'],
    module: 'etcd',
    package: 'go.etcd.io/etcd/server/v3',
    flags: ['-ldflags', '-s -w'],
    buildMinutes: 1,
    alternativeSource: ENVTEST,
  },
  'nats-server': {
    name: 'nats-server',
    version: '2.15.2',
    compatibleBy: 'Minor',
    versionArgs: ['--version'],
    module: 'nats',
    package: 'github.com/nats-io/nats-server/v2',
    flags: ['-ldflags', '-s -w'],
    buildMinutes: 1,
    alternativeSource: 'github.com/nats-io/nats-server/releases (2.15.x)',
  },
  'kube-apiserver': kubernetes('kube-apiserver', 3, ['--version']),
  'kube-controller-manager': kubernetes('kube-controller-manager', 1, ['--version']),
  'kube-scheduler': kubernetes('kube-scheduler', 1, ['--version']),
  kubectl: kubernetes('kubectl', 2, ['version', '--client']),
  prometheus: prometheus('prometheus', 2),
  promtool: prometheus('promtool', 1),
  helm: {
    name: 'helm',
    version: '4.3.1',
    compatibleBy: 'Major',
    versionArgs: ['version', '--short'],
    module: 'helm',
    package: 'helm.sh/helm/v4/cmd/helm',
    flags: ['-ldflags', '-s -w -X helm.sh/helm/v4/internal/version.version=v4.3.1'],
    buildMinutes: 2,
    alternativeSource: 'helm.sh/docs/intro/install (4.x)',
  },
} as const satisfies Readonly<Record<string, Component>>

export type ComponentName = keyof typeof COMPONENTS

/** Whether a program with this version output can be used. */
export function isSameVersion(component: Component, versionOutput: string): boolean {
  const found = /(?:^|[^\d.])v?(\d+)\.(\d+)\.(\d+)/.exec(versionOutput)
  if (found === null) return false
  const [major, minor] = component.version.split('.')
  return found[1] === major && (component.compatibleBy === 'Major' || found[2] === minor)
}
