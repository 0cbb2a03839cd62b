import { expect, test } from 'vitest'
import { createSimulatedPlatform } from '../../test/fakes/simulated-platform.ts'
import { joinNamespaces } from '../cluster/join-namespaces.ts'
import type { Jobs } from '../ports/jobs.ts'
import { createLog } from './log.ts'
import { withLoggedPlatform } from './logged-platform.ts'

/** The compiler wants every member here, optional ones included, which it does not of a wrapper. */
const MEMBERS: Readonly<Record<keyof Jobs, true>> = {
  defaultTtlSeconds: true,
  listOwnedBy: true,
  create: true,
  createReader: true,
  delete: true,
  watch: true,
}

function open() {
  const platform = createSimulatedPlatform()
  return { ...platform, jobs: { ...platform.jobs, defaultTtlSeconds: 3600 } }
}
const log = createLog({ level: 'error', write: () => undefined, nowMs: () => 0 })

test.each([
  ['a logged platform', () => withLoggedPlatform(open(), log).jobs],
  ['joined namespaces', () => joinNamespaces(new Map([['team', open()]])).jobs],
])('the Jobs of %s have every member of the port', (_name, openJobs) => {
  const jobs = openJobs()
  expect(Object.keys(jobs).sort()).toEqual(Object.keys(MEMBERS).sort())
  expect(jobs.defaultTtlSeconds).toBe(3600)
})
