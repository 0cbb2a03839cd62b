/** The API group of both kinds. It stands here and nowhere else. */
export const API_GROUP = 'neco.dev'
export const API_VERSION = 'v1alpha1'
export const API_GROUP_VERSION = `${API_GROUP}/${API_VERSION}`

export const RUN_KIND = 'NeCoRun'
export const SWEEP_KIND = 'NeCoSweep'
