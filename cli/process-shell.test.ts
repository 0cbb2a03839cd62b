import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const SHELL = join(import.meta.dirname, 'process-shell.ts')

/** Starts a process with a shell that prints `ready`, and sends it signals, one after each line. */
async function ended(listening: string, signals: readonly NodeJS.Signals[]) {
  const program = `
    import { createProcessShell } from ${JSON.stringify(SHELL)}
    const shell = createProcessShell('neco')
    ${listening}
    setInterval(() => undefined, 1000)
    shell.write('ready\\n')`
  const args = ['--input-type=module', '--eval', program]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let output = ''
  const remainingSignals = [...signals]
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    const signal = remainingSignals.shift()
    if (signal !== undefined) child.kill(signal)
  })
  const [code] = await closed
  return { code, output }
}

describe('Ctrl-C', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends a process without listeners with exit code 130, as %s does',
    async (signal) => {
      expect(await ended('', [signal])).toEqual({ code: 130, output: 'ready\n' })
    },
  )

  it('calls listeners with its count, and ends the process once there are none', async () => {
    const listening = `
      const stop = shell.onInterrupt((count) => {
        if (count === 2) stop()
        shell.write('received ' + count + '\\n')
      })`
    expect(await ended(listening, ['SIGINT', 'SIGINT', 'SIGINT'])).toEqual({
      code: 130,
      output: 'ready\nreceived 1\nreceived 2\n',
    })
  })
})
