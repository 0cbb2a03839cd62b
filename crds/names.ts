/** The API group of both kinds. It stands here and nowhere else. */
export const API_GROUP = 'neco.dev'
export const API_VERSION = 'v1alpha1'
export const API_GROUP_VERSION = `${API_GROUP}/${API_VERSION}`

export const RUN_KIND = 'NeCoRun'
export const SWEEP_KIND = 'NeCoSweep'

/** Labels of everything that belongs to a study. */
export const LABELS = {
  sweep: `${API_GROUP}/sweep`,
  point: `${API_GROUP}/point`,
  replicate: `${API_GROUP}/replicate`,
  run: `${API_GROUP}/run`,
  task: `${API_GROUP}/task`,
  attempt: `${API_GROUP}/attempt`,
} as const

/** Who writes: field manager, and `app.kubernetes.io/managed-by`. */
export const OPERATOR_NAME = 'neco-operator'
