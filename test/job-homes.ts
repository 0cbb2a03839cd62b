import { afterEach, beforeEach } from 'vitest'
import { FakeApiServer } from './fake-api-server.ts'
import { type JobHome, openJobHome } from './job-home.ts'

export interface JobHomes {
  /** That of the test at hand. */
  readonly server: FakeApiServer
  readonly open: (changes?: Parameters<typeof openJobHome>[1]) => JobHome
}

/** For each test of a file a fake API server of its own, and the homes that it opens there: all are closed after it. */
export function jobHomes(): JobHomes {
  let server: FakeApiServer
  const opened: JobHome[] = []
  beforeEach(async () => {
    server = new FakeApiServer()
    await server.listen()
  })
  afterEach(async () => {
    for (const home of opened.splice(0)) await home.close()
    await server.close()
  })
  return {
    get server() {
      return server
    },
    open(changes) {
      const home = openJobHome(server, changes)
      opened.push(home)
      return home
    },
  }
}
