import { writeFileSync } from 'node:fs'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { HangWatchdogData } from './hang-watchdog.ts'

const { shared, terminationPath } = workerData as HangWatchdogData
let terminationMessage = ''

function receiveMessages(): void {
  if (parentPort === null) return
  for (;;) {
    const received = receiveMessageOnPort(parentPort) as { readonly message: string } | undefined
    if (received === undefined) return
    terminationMessage = received.message
  }
}

function killProcess(): void {
  if (terminationPath !== undefined) writeFileSync(terminationPath, terminationMessage)
  process.kill(process.pid, 'SIGKILL')
}

/**
 * A machine that slept wakes both threads at once: the main one gets a moment to say that it lives.
 */
const HANG_RECHECK_MS = 2000

for (;;) {
  const count = Atomics.load(shared, 0)
  const limitMs = Atomics.load(shared, 1)
  receiveMessages()
  const waitResult = Atomics.wait(shared, 0, count, limitMs === 0 ? undefined : limitMs)
  if (waitResult !== 'timed-out') continue
  receiveMessages()
  if (Atomics.wait(shared, 0, count, HANG_RECHECK_MS) === 'timed-out') killProcess()
}
