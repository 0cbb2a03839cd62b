import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { describeJobsContract, type JobsFixture } from '../../test/contract/jobs-contract.ts'
import { describeObjectsContract } from '../../test/contract/objects-contract.ts'
import { buildTestJobRequest } from '../../test/fixtures/job-request.ts'
import { openJournal } from './journal.ts'
import { openJournalFolder } from './journal-folder.ts'
import { ObjectStore } from './object-store.ts'
import { ProcessJobs } from './process-jobs.ts'
import { openStoredRuns, openStoredSweeps } from './stored-kinds.ts'

/** A pod that ends as a file beside its run-config says, or when it is told to. */
const POD = `
import { existsSync, readFileSync, renameSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
const folder = dirname(process.argv[3])
const orders = join(folder, 'end.json')
process.on('SIGTERM', () => process.exit(5))
const look = () => {
  if (!existsSync(orders)) return
  const { exitCode } = JSON.parse(readFileSync(orders, 'utf8'))
  renameSync(join(folder, 'said.json'), process.env.NECO_TERMINATION_FILE)
  process.exit(exitCode)
}
watch(folder, look)
look()
`

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-contract-'))
  await writeFile(join(folder, 'pod.mjs'), POD)
})
afterEach(() => rm(folder, { recursive: true }))

let uids = 0
const newUid = () => `uid-${++uids}`
const openTestJournal = () => openJournal(openJournalFolder(folder), 'journal.ndjson')

describeObjectsContract('the local home', async () => {
  const store = new ObjectStore({ journal: await openTestJournal(), now: Date.now, newUid })
  return { runs: openStoredRuns(store), sweeps: openStoredSweeps(store) }
})

describeJobsContract('the local home', async (): Promise<JobsFixture> => {
  const program = join(folder, 'pod.mjs')
  const jobs = new ProcessJobs({
    journal: await openTestJournal(),
    folder: join(folder, 'jobs'),
    storage: '/storage',
    volumes: {},
    programs: { trainer: program, evaluator: program },
    environment: {},
    now: Date.now,
    newUid,
  })
  return {
    jobs,
    buildRequest: (name, owner) => buildTestJobRequest({ name, owner, namespace: 'default' }),
    endPod: async (name, { exitCode, termination }) => {
      const jobFolder = join(folder, 'jobs/default', name)
      await writeFile(join(jobFolder, 'said.json'), JSON.stringify(termination))
      await writeFile(join(jobFolder, 'end.part'), JSON.stringify({ exitCode }))
      await rename(join(jobFolder, 'end.part'), join(jobFolder, 'end.json'))
    },
    close: async () => {
      jobs.kill()
      await jobs.waitUntilSettled()
    },
  }
})
