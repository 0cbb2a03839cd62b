import { startControllers } from '../../operator/controllers/start-controllers.ts'
import { conditionOf, isEnded } from '../../operator/core/conditions.ts'
import { PortError } from '../../operator/ports/port-error.ts'
import type { Manifest } from '../manifest/read-manifest.ts'
import { studyKey } from '../manifest/run-order.ts'
import type { Study } from '../report/study-outcome.ts'
import type { Shell } from '../shell.ts'
import type { LocalHome } from './local-home.ts'

export type Ending = 'Ended' | 'Interrupted'

interface Following {
  readonly home: LocalHome
  readonly manifest: Manifest
  readonly onInterrupt: Shell['onInterrupt']
  /** Called now and then while the study runs. */
  readonly look: (study: Study) => Promise<void>
  readonly lookEveryMs: number
  readonly say: (line: string) => void
}

/** The study of a manifest as it stands in the home. */
export async function studyIn({ runs, sweeps }: LocalHome, manifest: Manifest): Promise<Study> {
  const key = studyKey(manifest)
  if (manifest.kind === 'NeCoRun') {
    const run = await runs.get(key)
    if (run === undefined) throw new Error(`run ${key.name} is gone`)
    return { kind: 'NeCoRun', run }
  }
  const sweep = await sweeps.get(key)
  if (sweep === undefined) throw new Error(`sweep ${key.name} is gone`)
  return { kind: 'NeCoSweep', sweep, runs: await runs.listOwnedBy(sweep.metadata.uid) }
}

/** Whether nothing more will happen: it has ended, it was never accepted, or it is suspended with all at rest. */
export function isAtRest(study: Study): boolean {
  const { conditions } = (study.kind === 'NeCoRun' ? study.run : study.sweep).status ?? {}
  const isRefused = conditionOf(conditions, 'Accepted')?.status === 'False'
  return isEnded(conditions) || isRefused || isSuspended(study)
}

function isSuspended(study: Study): boolean {
  const object = study.kind === 'NeCoRun' ? study.run : study.sweep
  if (object.spec.suspend !== true) return false
  const runs = study.kind === 'NeCoRun' ? [study.run] : study.runs
  return runs.every(({ status }) =>
    (status?.work ?? []).every(({ state }) => state !== 'Running' && state !== 'Stopping'),
  )
}

/** Lets the controllers work until the study is at rest, or until somebody interrupts: then every trainer writes a checkpoint and ends. A second interrupt kills. Throws what broke the home itself. */
export async function runStudy(following: Following): Promise<Ending> {
  const { home, manifest, look, lookEveryMs, say } = following
  const { promise: ending, resolve, reject } = Promise.withResolvers<Ending>()
  const controllers = startControllers(home, ({ error }) => {
    if (!(error instanceof PortError)) reject(error)
  })
  const stopListening = following.onInterrupt((count) => {
    if (count > 1) return home.jobs.kill()
    say('stopping: trainers write a checkpoint and end; Ctrl-C again kills them')
    resolve('Interrupted')
  })
  const lookAgain = async (): Promise<void> => {
    const study = await studyIn(home, manifest)
    await look(study)
    if (isAtRest(study)) resolve('Ended')
  }
  const timer = setInterval(() => lookAgain().catch(reject), lookEveryMs)
  try {
    await lookAgain()
    return await ending
  } finally {
    clearInterval(timer)
    await controllers.close()
    await home.jobs.close()
    stopListening()
  }
}
