import { TRAINING } from '../contract/task-address.ts'
import type { FrozenPlacement } from '../operator/cluster/jobs/frozen-placement.ts'
import type { JobRequest } from '../operator/ports/job-request.ts'

/** A request as small as one can be; what a test looks at it names itself. */
export const aJobRequest = (changes: Partial<JobRequest> = {}): JobRequest => ({
  name: 'study-0-r0-a1',
  namespace: 'team',
  owner: { name: 'study-0-r0', uid: 'uid-of-the-run' },
  task: TRAINING,
  attempt: 1,
  program: 'trainer',
  sweep: 'study',
  result: {} as JobRequest['result'],
  execution: {
    backend: 'Auto',
    threads: 1,
    gracePeriodSeconds: 30,
    checkpoint: { everySteps: 10, keep: 2 },
    keepAt: [],
    reportEverySteps: 1,
  },
  placement: {},
  ...changes,
})

/** A placement as a ConfigMap holds it. */
export const frozen = (changes: Partial<FrozenPlacement> = {}): FrozenPlacement => ({
  schemaVersion: 1,
  images: { trainer: 'registry.test/neco:1', evaluator: 'registry.test/neco:1' },
  imagePullSecrets: [],
  storage: { claim: 'neco-storage' },
  resources: {},
  hasBus: false,
  ...changes,
})

/** An evaluation of which nothing but the name matters. */
export const anEvaluation = (name: string) =>
  ({ name, at: [1], protocols: ['InContext'] }) as unknown as NonNullable<JobRequest['evaluation']>
