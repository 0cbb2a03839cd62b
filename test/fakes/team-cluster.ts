import type { Cluster } from '../../cli/cluster/open-cluster.ts'

/** The namespace `team` of a cluster, where only a test presses Ctrl-C. */
export const buildTeamCluster = (
  overrides: Pick<Cluster, 'api' | 'clock'> & Partial<Pick<Cluster, 'onInterrupt' | 'random'>>,
): Cluster => ({
  random: () => 0.99,
  onInterrupt: () => () => undefined,
  namespace: 'team',
  isNamespaceGiven: true,
  program: 'neco',
  flags: '',
  ...overrides,
})
