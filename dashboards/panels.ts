/** One question that a panel asks, in PromQL with the variables of the dashboard. */
export interface PanelQuery {
  readonly expr: string
  readonly legend: string
}

export interface PanelSpec {
  readonly title: string
  readonly description: string
  /** How values are drawn: over time, or the newest as bars. */
  readonly kind: 'Lines' | 'Stack' | 'Bars'
  /** A unit of Grafana. */
  readonly unit: string
  readonly queries: readonly PanelQuery[]
}

export interface RowSpec {
  readonly title: string
  readonly panels: readonly PanelSpec[]
}

const RUN_SELECTOR = 'namespace=~"$namespace", sweep=~"$sweep", run=~"$run"'
/** Pods of runs say their sweep themselves, and nothing where they have none. */
const selectPodMetric = (metric: string): string => `${metric}{${RUN_SELECTOR}}`
const RUN_INFO_LABELS = 'namespace, run, sweep, point, replicate'
/** The chosen runs, each once also while one leader follows another. */
const RUN_INFO = `max by (${RUN_INFO_LABELS}) (neco_run_info{${RUN_SELECTOR}})`

/** What the leader says of the chosen runs, with their sweep, point and replicate. */
const joinRunInfo = (metric: string, labels: string, filter = ''): string =>
  `max by (namespace, run${labels}) (${metric}{namespace=~"$namespace", run=~"$run"${filter}}) * on (namespace, run) group_left (sweep, point, replicate) ${RUN_INFO}`

const RUN_LEGEND = '{{run}}'

const STUDIES: readonly PanelSpec[] = [
  {
    title: 'Runs by state',
    description: 'How many of the chosen runs are in each state.',
    kind: 'Stack',
    unit: 'none',
    queries: [
      {
        expr: `sum by (state) (${joinRunInfo('neco_run_state', ', state')})`,
        legend: '{{state}}',
      },
    ],
  },
  {
    title: 'Runs of each sweep',
    description:
      'What has become of the runs of each sweep, those that are yet to be made included.',
    kind: 'Stack',
    unit: 'none',
    queries: [
      {
        expr: 'max by (namespace, sweep, state) (neco_sweep_runs{namespace=~"$namespace", sweep=~"$sweep"})',
        legend: '{{sweep}} {{state}}',
      },
    ],
  },
  {
    title: 'Progress',
    description: 'Finished steps of training over planned ones.',
    kind: 'Bars',
    unit: 'percentunit',
    queries: [{ expr: joinRunInfo('neco_run_progress_ratio', ''), legend: RUN_LEGEND }],
  },
]

const TRAINING: readonly PanelSpec[] = [
  {
    title: 'Loss',
    description:
      'NeCo loss of the last step, in nats. Not comparable between settings of the loss.',
    kind: 'Lines',
    unit: 'none',
    queries: [
      {
        expr: `${selectPodMetric('neco_train_loss')} and ${selectPodMetric('neco_train_step')} > 0`,
        legend: RUN_LEGEND,
      },
    ],
  },
  {
    title: 'Images a second',
    description: 'Images trained on in a second.',
    kind: 'Lines',
    unit: 'none',
    queries: [{ expr: selectPodMetric('neco_train_images_per_second'), legend: RUN_LEGEND }],
  },
  {
    title: 'Steps',
    description: 'Finished steps of the schedule; one that does not grow has stalled.',
    kind: 'Lines',
    unit: 'none',
    queries: [{ expr: selectPodMetric('neco_train_step'), legend: RUN_LEGEND }],
  },
  {
    title: 'Age of the newest checkpoint',
    description: 'What a pod that ends now would lose.',
    kind: 'Lines',
    unit: 's',
    queries: [
      {
        expr: `time() - (${selectPodMetric('neco_train_checkpoint_timestamp_seconds')} > 0)`,
        legend: RUN_LEGEND,
      },
    ],
  },
]

const RESULTS: readonly PanelSpec[] = [
  {
    title: 'mIoU before and after training',
    description: 'Mean over the replicates of a point, by protocol.',
    kind: 'Bars',
    unit: 'percentunit',
    queries: [
      {
        expr: `avg by (sweep, point, protocol) (${joinRunInfo('neco_result_miou_ratio', ', evaluation, at, protocol', ', at="0"')})`,
        legend: '{{sweep}} {{point}} {{protocol}} before',
      },
      {
        expr: `avg by (sweep, point, protocol) (${joinRunInfo('neco_result_miou_ratio', ', evaluation, at, protocol', ', at="1"')})`,
        legend: '{{sweep}} {{point}} {{protocol}} after',
      },
    ],
  },
  {
    title: 'mIoU over training',
    description:
      'Mean over the replicates of a point. The line of a fraction of the schedule begins when it was measured, while training continues where evaluators run beside it.',
    kind: 'Lines',
    unit: 'percentunit',
    queries: [
      {
        expr: `avg by (sweep, point, evaluation, protocol, at) (${joinRunInfo('neco_result_miou_ratio', ', evaluation, at, protocol')})`,
        legend: '{{sweep}} {{point}} {{evaluation}} {{protocol}} at {{at}}',
      },
    ],
  },
  {
    title: 'Neighbor agreement',
    description:
      'Kendall tau between the neighbor orders of two crops, by fraction of the schedule.',
    kind: 'Bars',
    unit: 'none',
    queries: [
      {
        expr: `avg by (sweep, point, at) (${joinRunInfo('neco_result_neighbor_agreement_ratio', ', evaluation, at')})`,
        legend: '{{sweep}} {{point}} at {{at}}',
      },
    ],
  },
  {
    title: 'Final loss',
    description:
      'NeCo loss at the end of training, in nats. Not comparable between settings of the loss.',
    kind: 'Bars',
    unit: 'none',
    queries: [{ expr: joinRunInfo('neco_result_loss', ''), legend: RUN_LEGEND }],
  },
  {
    title: 'Images a second over the whole training',
    description: 'By run that has ended.',
    kind: 'Bars',
    unit: 'none',
    queries: [{ expr: joinRunInfo('neco_result_images_per_second', ''), legend: RUN_LEGEND }],
  },
]

const OPERATOR: readonly PanelSpec[] = [
  {
    title: 'Queue',
    description: 'Objects that wait to be looked at; the leader alone has any.',
    kind: 'Lines',
    unit: 'none',
    queries: [{ expr: 'sum by (name) (workqueue_depth)', legend: '{{name}}' }],
  },
  {
    title: 'Reconcile errors a second',
    description: 'Reconciles that failed and are tried again.',
    kind: 'Lines',
    unit: 'none',
    queries: [
      {
        expr: 'sum by (controller) (rate(controller_runtime_reconcile_errors_total[$__rate_interval]))',
        legend: '{{controller}}',
      },
    ],
  },
  {
    title: 'Reconcile time, p99',
    description: 'From taking an object off the queue to the last write.',
    kind: 'Lines',
    unit: 's',
    queries: [
      {
        expr: 'histogram_quantile(0.99, sum by (controller, le) (rate(controller_runtime_reconcile_time_seconds_bucket[$__rate_interval])))',
        legend: '{{controller}}',
      },
    ],
  },
  {
    title: 'Event-loop lag, p99',
    description: 'How long a replica could do nothing else.',
    kind: 'Lines',
    unit: 's',
    queries: [
      {
        expr: 'max by (pod, instance) (neco_event_loop_lag_seconds{statistic="p99"})',
        legend: '{{pod}}',
      },
    ],
  },
  {
    title: 'Requests to the API server a second',
    description: 'By method and status.',
    kind: 'Lines',
    unit: 'reqps',
    queries: [
      {
        expr: 'sum by (method, code) (rate(rest_client_requests_total[$__rate_interval]))',
        legend: '{{method}} {{code}}',
      },
    ],
  },
  {
    title: 'Bus',
    description:
      '1 while the leader is connected to NATS, and the heartbeats of pods that it hears a second.',
    kind: 'Lines',
    unit: 'none',
    queries: [
      { expr: 'max(neco_bus_connected)', legend: 'connected' },
      { expr: 'sum(rate(neco_reports_received_total[$__rate_interval]))', legend: 'heartbeats/s' },
    ],
  },
  {
    title: 'Reports that wait for NATS',
    description: 'In the spools of running pods.',
    kind: 'Lines',
    unit: 'none',
    queries: [{ expr: selectPodMetric('neco_bus_unshipped_reports'), legend: RUN_LEGEND }],
  },
  {
    title: 'Leaders',
    description: '1 but for the seconds of a hand-over.',
    kind: 'Lines',
    unit: 'none',
    queries: [{ expr: 'sum by (name) (leader_election_master_status)', legend: '{{name}}' }],
  },
]

/** Everything that the dashboard shows, row by row. */
export const DASHBOARD_ROWS: readonly RowSpec[] = [
  { title: 'Studies', panels: STUDIES },
  { title: 'Training', panels: TRAINING },
  { title: 'Results', panels: RESULTS },
  { title: 'Operator', panels: OPERATOR },
]
