import { createServer } from 'node:net'

/**
 * Below the ports that Linux hands to outgoing connections, so that a port stays ours while its
 * server is down for a while.
 */
const LOWEST = 20_000
const HIGHEST = 31_999

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

const taken = new Set<number>()

/** An unused port of 127.0.0.1, never returned twice by this process. Throws when there is none. */
export async function freePort(): Promise<number> {
  const width = HIGHEST - LOWEST + 1
  const start = Math.floor(Math.random() * width)
  for (let step = 0; step < width; step++) {
    const port = LOWEST + ((start + step) % width)
    if (taken.has(port) || !(await isFree(port))) continue
    taken.add(port)
    return port
  }
  throw new Error(`no port of 127.0.0.1 is free between ${LOWEST} and ${HIGHEST}`)
}
