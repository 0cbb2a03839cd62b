import { HYPERPARAMETER_LABELS } from './hyperparameter-labels.ts'

interface MetricFamily {
  readonly help: string
  readonly labels: readonly string[]
}

/**
 * What the leader exports of runs and sweeps. All are gauges: they say what the objects say now.
 */
export const STUDY_FAMILIES = {
  neco_run_info: {
    help: 'Always 1; the only series that carries the settings of a run, to be joined with the others on namespace and run.',
    labels: ['namespace', 'run', 'sweep', 'point', 'replicate', ...HYPERPARAMETER_LABELS],
  },
  neco_run_state: {
    help: 'Always 1, for the state that the run is in: the reason of its condition Ready.',
    labels: ['namespace', 'run', 'state'],
  },
  neco_run_progress_ratio: {
    help: 'Finished steps of training over planned ones; 1 for a run that has succeeded.',
    labels: ['namespace', 'run'],
  },
  neco_result_loss: {
    help: 'NeCo loss at the end of training, in nats; not comparable between settings of the loss.',
    labels: ['namespace', 'run'],
  },
  neco_result_images_per_second: {
    help: 'Images trained on in a second, over the whole training.',
    labels: ['namespace', 'run'],
  },
  neco_result_miou_ratio: {
    help: 'Mean intersection over union, 0 to 1, by protocol and fraction of the schedule.',
    labels: ['namespace', 'run', 'evaluation', 'at', 'protocol'],
  },
  neco_result_neighbor_agreement_ratio: {
    help: 'Kendall tau between the neighbor orders of two crops, -1 to 1.',
    labels: ['namespace', 'run', 'evaluation', 'at'],
  },
  neco_sweep_state: {
    help: 'Always 1, for the state that the sweep is in: the reason of its condition Ready.',
    labels: ['namespace', 'sweep', 'state'],
  },
  neco_sweep_points: {
    help: 'Points of the sweep.',
    labels: ['namespace', 'sweep'],
  },
  neco_sweep_runs: {
    help: 'Runs of the sweep by what has become of them.',
    labels: ['namespace', 'sweep', 'state'],
  },
  neco_sweep_failed_runs: {
    help: 'Failed runs of the sweep by cause.',
    labels: ['namespace', 'sweep', 'cause'],
  },
} as const satisfies Record<string, MetricFamily>

export type StudyFamily = keyof typeof STUDY_FAMILIES
export const STUDY_FAMILY_NAMES = Object.keys(STUDY_FAMILIES) as readonly StudyFamily[]
