import { afterEach, beforeEach } from 'vitest'
import { FakeApiServer } from './fake-api-server.ts'
import { type FakeJobsPlatform, openFakeJobsPlatform } from './fake-jobs-platform.ts'

export interface FakeJobsPlatforms {
  /** The server of the current test. */
  readonly server: FakeApiServer
  readonly open: (changes?: Parameters<typeof openFakeJobsPlatform>[1]) => FakeJobsPlatform
}

/**
 * Gives each test of a file a fake API server of its own, and closes it and its platforms
 * afterwards.
 */
export function useFakeJobsPlatforms(): FakeJobsPlatforms {
  let server: FakeApiServer
  const opened: FakeJobsPlatform[] = []
  beforeEach(async () => {
    server = new FakeApiServer()
    await server.listen()
  })
  afterEach(async () => {
    for (const platform of opened.splice(0)) await platform.close()
    await server.close()
  })
  return {
    get server() {
      return server
    },
    open(changes) {
      const platform = openFakeJobsPlatform(server, changes)
      opened.push(platform)
      return platform
    },
  }
}
