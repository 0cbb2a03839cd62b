import { writeFile } from 'node:fs/promises'
import { MAX_EVALUATION_RESULTS, TerminationMessage } from '../contract/run-report.ts'

/** A container's termination message holds 4096 bytes. */
const LIMIT_BYTES = 4096

const countMessageBytes = (message: TerminationMessage): number =>
  Buffer.byteLength(JSON.stringify(message))

const isTooLong = (message: TerminationMessage): boolean =>
  countMessageBytes(message) > LIMIT_BYTES || message.evaluations.length > MAX_EVALUATION_RESULTS

/**
 * Leaves out evaluations that were found with a training, each as a whole, the last first: a pod of
 * its own finds it then.
 */
function dropLastEvaluations(message: TerminationMessage): TerminationMessage {
  const last = message.evaluations.at(-1)?.name
  if (last === undefined || !isTooLong(message)) return message
  const evaluations = message.evaluations.filter(({ name }) => name !== last)
  return dropLastEvaluations({ ...message, evaluations })
}

/**
 * The same message within 4 KiB: first evaluations found with a training go, then the figures go,
 * then the text is cut, then the oldest evaluations (their files stay on the storage).
 */
function fitTermination(message: TerminationMessage): TerminationMessage {
  const steps: ((m: TerminationMessage) => TerminationMessage)[] = [
    dropLastEvaluations,
    (m) => ({ ...m, evaluations: m.evaluations.map((e) => ({ ...e, figures: [] })) }),
    (m) => ({ ...m, message: m.message.slice(0, 200) }),
  ]
  let fitted = message
  for (const step of steps) {
    fitted = step(fitted)
    if (countMessageBytes(fitted) <= LIMIT_BYTES) return fitted
  }
  while (countMessageBytes(fitted) > LIMIT_BYTES && fitted.evaluations.length > 0) {
    fitted = { ...fitted, evaluations: fitted.evaluations.slice(1) }
  }
  return fitted
}

/**
 * The termination message of a pod that failed: one word for programs and a sentence that says what
 * to do.
 */
export const buildFailureTermination = (code: string, message: string): TerminationMessage => ({
  schemaVersion: 1,
  reason: code,
  message: message.slice(0, 1500),
  reused: false,
  step: 0,
  metrics: {},
  evaluations: [],
})

/**
 * Writes the termination message of a pod into the file itself: in a cluster it is mounted alone
 * into the container, so that no other file can take its place. Words torn by a kill read as none.
 */
export async function writeTermination(path: string, message: TerminationMessage): Promise<void> {
  await writeFile(path, JSON.stringify(TerminationMessage.parse(fitTermination(message))))
}
