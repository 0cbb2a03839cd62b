import { startControllers } from '../../operator/controllers/start-controllers.ts'
import { findCondition, isEnded } from '../../operator/core/conditions.ts'
import { PortError } from '../../operator/ports/port-error.ts'
import type { Manifest } from '../manifest/read-manifest.ts'
import { toStudyKey } from '../manifest/run-options.ts'
import type { Study } from '../report/to-study-results.ts'
import type { Shell } from '../shell.ts'
import type { LocalPlatform } from './local-platform.ts'

export type StudyRunEnd = 'Ended' | 'Interrupted'

interface RunStudyOptions {
  readonly platform: LocalPlatform
  readonly manifest: Manifest
  readonly onInterrupt: Shell['onInterrupt']
  /** Called now and then while the study runs. */
  readonly onPoll: (study: Study) => Promise<void>
  readonly pollIntervalMs: number
  readonly log: (line: string) => void
}

/** The study of a manifest as it stands in the home. */
export async function readCurrentStudy(
  { runs, sweeps }: LocalPlatform,
  manifest: Manifest,
): Promise<Study> {
  const key = toStudyKey(manifest)
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
export function isStudySettled(study: Study): boolean {
  const { conditions } = (study.kind === 'NeCoRun' ? study.run : study.sweep).status ?? {}
  const isRefused = findCondition(conditions, 'Accepted')?.status === 'False'
  return isEnded(conditions) || isRefused || isStudySuspended(study)
}

function isStudySuspended(study: Study): boolean {
  const object = study.kind === 'NeCoRun' ? study.run : study.sweep
  if (object.spec.suspend !== true) return false
  const runs = study.kind === 'NeCoRun' ? [study.run] : study.runs
  return runs.every(({ status }) =>
    (status?.tasks ?? []).every(({ state }) => state !== 'Running' && state !== 'Stopping'),
  )
}

/** Lets the controllers work until the study is at rest, or until somebody interrupts: then every trainer writes a checkpoint and ends. A second interrupt kills. Throws what broke the home itself. */
export async function runStudy(options: RunStudyOptions): Promise<StudyRunEnd> {
  const { platform, manifest, onPoll, pollIntervalMs, log } = options
  const { promise: runEnd, resolve, reject } = Promise.withResolvers<StudyRunEnd>()
  const controllers = startControllers(platform, ({ error }) => {
    if (!(error instanceof PortError)) reject(error)
  })
  const stopListening = options.onInterrupt((count) => {
    if (count > 1) return platform.jobs.kill()
    log('stopping: trainers write a checkpoint and end; Ctrl-C again kills them')
    resolve('Interrupted')
  })
  const poll = async (): Promise<void> => {
    await platform.hints.refresh()
    const study = await readCurrentStudy(platform, manifest)
    await onPoll(study)
    if (isStudySettled(study)) resolve('Ended')
  }
  const timer = setInterval(() => poll().catch(reject), pollIntervalMs)
  try {
    await poll()
    return await runEnd
  } finally {
    clearInterval(timer)
    await controllers.close()
    await platform.jobs.close()
    stopListening()
  }
}
