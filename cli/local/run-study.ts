import { KubeError } from '../../kube/kube-error.ts'
import { startControllers } from '../../operator/controllers/start-controllers.ts'
import type { Manifest } from '../manifest/read-manifest.ts'
import { toStudyKey } from '../manifest/run-options.ts'
import type { Shell } from '../shell.ts'
import { isStudySettled, type Study } from '../study.ts'
import type { LocalPlatform } from './local-platform.ts'

export type StudyRunEnd = 'Ended' | 'Interrupted'

interface RunStudyOptions {
  readonly platform: LocalPlatform
  readonly manifest: Manifest
  readonly onInterrupt: Shell['onInterrupt']
  /** Called once per poll interval while the study runs. */
  readonly onPoll: (study: Study) => Promise<void>
  readonly pollIntervalMs: number
  readonly log: (line: string) => void
}

/** The current state of the study of a manifest. */
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

/**
 * Runs the controllers until the study is settled, or until Ctrl-C: then every trainer writes a
 * checkpoint and ends. A second Ctrl-C kills. Throws what broke the platform itself.
 */
export async function runStudy(options: RunStudyOptions): Promise<StudyRunEnd> {
  const { platform, manifest, onPoll, pollIntervalMs, log } = options
  const { promise: runEnd, resolve, reject } = Promise.withResolvers<StudyRunEnd>()
  const controllers = startControllers(platform, ({ error }) => {
    if (!(error instanceof KubeError)) reject(error)
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
