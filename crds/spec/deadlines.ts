import * as z from 'zod'

const seconds = z.int32().min(1).max(31_536_000).optional()
export const Deadlines = z
  .strictObject({
    queueSeconds: seconds.describe(
      'queueSeconds is how long an attempt may wait in its queue, or on one machine to start.',
    ),
    scheduleSeconds: seconds.describe('scheduleSeconds is how long a pod may wait for a node.'),
    pullSeconds: seconds.describe(
      'pullSeconds is how long pulling the image may take; 1800 when left out.',
    ),
    initSeconds: seconds.describe(
      'initSeconds is how long a pod may take to start otherwise; 600 when left out.',
    ),
    firstStepSeconds: seconds.describe(
      'firstStepSeconds is how long a training may take to its first step; the pod ends itself.',
    ),
    stallSeconds: seconds.describe(
      'stallSeconds is how long a training may stay at a step; the pod ends itself.',
    ),
    trainSeconds: seconds.describe(
      'trainSeconds is how long the attempts of a training may run, added up.',
    ),
    evaluateSeconds: seconds.describe(
      'evaluateSeconds is how long the attempts of one evaluation may run, added up.',
    ),
  })
  .describe('deadlines per phase; their clocks stand still while the run is suspended.')
const retries = z.int32().min(0).max(100).optional()
export const Retries = z
  .strictObject({
    infrastructure: retries.describe(
      'infrastructure is how often storage, network and node failures are tried again; 3 when left out.',
    ),
    disruption: retries.describe(
      'disruption is how often preemption, drain and eviction are tried again; 20 when left out.',
    ),
    unexpected: retries.describe(
      'unexpected is how often an unforeseen exit is tried again; 1 when left out.',
    ),
  })
  .describe(
    'retries by cause; a wrong input, a run that cannot fit and a loss that is not finite are never tried again.',
  )
