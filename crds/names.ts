/**
 * The names by which Kubernetes and people address what belongs to a study. This folder holds the
 * two kinds (necorun.ts, necosweep.ts, spec/), the rules that their schemas cannot say (rule.ts),
 * their names (this file), and the generators of the CRDs, the reference and the editor schema
 * (generators/, which write generated/). What a setting means is in method/; how points are chosen
 * is in search/.
 */

/** The API group of both kinds, defined only here. */
export const API_GROUP = 'neco.dev'
export const API_VERSION = 'v1alpha1'
export const API_GROUP_VERSION = `${API_GROUP}/${API_VERSION}`

export const RUN_KIND = 'NeCoRun'
export const SWEEP_KIND = 'NeCoSweep'

/** Labels, for selectors: `kubectl get necoruns,jobs,pods -l neco.dev/sweep=NAME`. */
export const LABELS = {
  /**
   * Name of the sweep. The sweep controller writes it on runs and result ConfigMaps; the run
   * controller copies it to Jobs and pods. Absent: a run that a person created, and its objects.
   */
  sweep: `${API_GROUP}/sweep`,
  /** Number of the point, from 0. The sweep controller writes it on runs. Absent: as above. */
  point: `${API_GROUP}/point`,
  /** Number of the replicate, from 0. The sweep controller writes it on runs. Absent: as above. */
  replicate: `${API_GROUP}/replicate`,
  /**
   * Name of the run. The run controller writes it on its Jobs, pods and ConfigMaps, and selects
   * them by it. Absent: not an object of a run.
   */
  run: `${API_GROUP}/run`,
  /**
   * Name of the task. The run controller writes it on Jobs and pods that train or evaluate.
   * Absent: the Job reads the storage instead.
   */
  task: `${API_GROUP}/task`,
  /**
   * Number of the attempt at the task, from 1. The run controller writes it beside the task.
   * Absent: as for the task.
   */
  attempt: `${API_GROUP}/attempt`,
} as const

/** Annotations: read together with their object, never selected by. */
export const ANNOTATIONS = {
  /**
   * What the point of a run sets, as JSON by path: `{"loss.lambda":0.5}`. The sweep controller
   * writes it when it creates the run. Absent: a run that a person created, or one that was
   * created before assignments were recorded; that one is decoded from its number.
   */
  assignment: `${API_GROUP}/assignment`,
} as const

/** Field manager of all writes, and the value of `app.kubernetes.io/managed-by`. */
export const OPERATOR_NAME = 'neco-operator'
