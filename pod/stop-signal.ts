import type { Readable } from 'node:stream'

export interface StopSources {
  readonly process: NodeJS.EventEmitter
  /** Ends when the parent does; undefined where nobody watches. */
  readonly parentPipe?: Readable
}

/** Aborts on SIGTERM, on SIGINT, and when the parent that holds our stdin is gone. */
export function createStopSignal({ process, parentPipe }: StopSources): AbortSignal {
  const controller = new AbortController()
  const stop = (why: string) => () => controller.abort(why)
  process.once('SIGTERM', stop('SIGTERM'))
  process.once('SIGINT', stop('SIGINT'))
  if (parentPipe !== undefined) {
    parentPipe.once('end', stop('the parent process is gone'))
    parentPipe.once('error', stop('the parent process is gone'))
    parentPipe.resume()
  }
  return controller.signal
}
