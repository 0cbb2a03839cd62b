import type { ResultSettings } from '../method/result-settings.ts'
import { type SettingsFacts, settingsProblems } from '../method/settings-problems.ts'
import { PodFailure } from './pod-failure.ts'

/** Throws PodFailure SettingsImpossible that names every setting that cannot be obeyed. */
export function checkSettings(settings: ResultSettings, facts: SettingsFacts): void {
  const problems = settingsProblems(settings, facts)
  if (problems.length === 0) return
  const message = problems.map((problem) => `${problem.path}: ${problem.message}`).join('; ')
  throw new PodFailure(message, { code: 'SettingsImpossible', reason: 'UserError' })
}
