import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openJournal } from '../cli/local/journal.ts'
import { ObjectStore } from '../cli/local/object-store.ts'
import { runsIn, sweepsIn } from '../cli/local/stored-kinds.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import { describeObjects } from './contract-objects.ts'
import { simulatedHome } from './simulated-home.ts'

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

describeObjects('the simulated home', async () => simulatedHome())

describeObjects('the local home', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'neco-contract-'))
  folders.push(folder)
  let uids = 0
  const store = new ObjectStore({
    journal: await openJournal(folderStorage(folder, Date.now), 'journal.ndjson'),
    now: () => 0,
    newUid: () => `uid-${++uids}`,
  })
  return { runs: runsIn(store), sweeps: sweepsIn(store) }
})
