import { open, stat } from 'node:fs/promises'
import type { Container } from './pod-object.ts'

const MESSAGE_LIMIT_BYTES = 4096
const LOG_LIMIT_BYTES = 2048
const LOG_LIMIT_LINES = 80

interface TerminationMessageSource {
  readonly container: Container
  readonly exitCode: number
  readonly messagePath: string
  readonly logPath: string
}

/** The termination message of an ended container, by its policy; empty when it left none. */
export async function readTerminationMessage(source: TerminationMessageSource): Promise<string> {
  const message = await readPart(source.messagePath, 'start', MESSAGE_LIMIT_BYTES)
  const fallsBack = source.container.terminationMessagePolicy === 'FallbackToLogsOnError'
  if (message !== '' || !fallsBack || source.exitCode === 0) return message
  const log = await readPart(source.logPath, 'end', LOG_LIMIT_BYTES)
  return log.split('\n').slice(-LOG_LIMIT_LINES).join('\n')
}

async function readPart(path: string, from: 'start' | 'end', limit: number): Promise<string> {
  try {
    const { size } = await stat(path)
    const file = await open(path)
    try {
      const position = from === 'start' ? 0 : Math.max(0, size - limit)
      const { buffer, bytesRead } = await file.read(Buffer.alloc(limit), 0, limit, position)
      return buffer.subarray(0, bytesRead).toString()
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
