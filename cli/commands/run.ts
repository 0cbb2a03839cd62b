import { CLUSTER_FLAGS, usesCluster } from '../cluster/cluster-flags.ts'
import type { Command } from '../command.ts'
import { runInCluster } from './run-in-cluster.ts'
import { runLocally } from './run-locally.ts'

export const runCommand: Command = {
  name: 'run',
  summary: 'run a manifest on this machine or in a cluster, or resume it, and show the results',
  operands: [{ name: 'FILE', required: true }],
  flags: {
    out: { value: 'DIR', description: 'the output folder; out/NAME when left out' },
    set: {
      value: 'a.b=c',
      repeatable: true,
      description: 'change a field of the manifest; spec. and spec.run. may be left out',
    },
    parallelism: { value: 'N', description: 'how many runs may be live at once' },
    volume: {
      value: 'NAME=DIR',
      repeatable: true,
      description: 'the folder of a volume that the manifest names',
    },
    fresh: { description: 'delete everything in the output folder and start over' },
    ...CLUSTER_FLAGS,
    'force-conflicts': {
      description: 'in a cluster, take over fields that another manager has set',
    },
    detach: { description: 'in a cluster, do not wait for the end' },
  },
  notes: [
    'On this machine paths in a manifest are relative to its own folder. Results are stored under their',
    'keys in DIR/storage: the same command resumes after Ctrl-C or a crash, and a finished one prints its',
    'results again at once.',
    'In a cluster (--context, --namespace, --kubeconfig or --cluster) the manifest is applied and then',
    'watched; Ctrl-C ends the watching, and the study continues.',
  ],
  examples: [
    'neco run examples/sweep-steepness.yaml',
    'neco run examples/run.yaml --set optimizer.steps=40 --out out/short',
    'neco run examples/sweep-steepness.yaml --context gpu --namespace team',
  ],
  run: (args, shell) => (usesCluster(args, shell) ? runInCluster : runLocally)(args, shell),
}
