import { writeFileSync } from 'node:fs'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { HangWatchData } from './hang-watch.ts'

const { shared, terminationPath } = workerData as HangWatchData
let lastWords = ''

function hear(): void {
  if (parentPort === null) return
  for (;;) {
    const heard = receiveMessageOnPort(parentPort) as { readonly message: string } | undefined
    if (heard === undefined) return
    lastWords = heard.message
  }
}

function end(): void {
  if (terminationPath !== undefined) writeFileSync(terminationPath, lastWords)
  process.kill(process.pid, 'SIGKILL')
}

/** A machine that slept wakes both threads at once: the main one gets a moment to say that it lives. */
const SECOND_CHANCE_MS = 2000

for (;;) {
  const count = Atomics.load(shared, 0)
  const limitMs = Atomics.load(shared, 1)
  hear()
  const woken = Atomics.wait(shared, 0, count, limitMs === 0 ? undefined : limitMs)
  if (woken !== 'timed-out') continue
  hear()
  if (Atomics.wait(shared, 0, count, SECOND_CHANCE_MS) === 'timed-out') end()
}
