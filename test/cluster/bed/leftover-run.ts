import { spawn } from 'node:child_process'
import { identifyProcess } from '../../../cli/local/process-identity.ts'
import { openBedFolder } from './bed-folder.ts'
import { startBedProcess } from './bed-process.ts'

/** A run of the bed that waits to be killed, for the test of what it leaves. Started with the folder for beds. */
const folder = await openBedFolder(process.argv[2])
const program = { command: process.execPath, words: ['-e', 'setInterval(() => {}, 1000)'] }
const dying = await startBedProcess(folder, { name: 'dying', ...program })
const outliving = spawn(program.command, program.words, { detached: true, stdio: 'ignore' })
const identity = await identifyProcess(outliving.pid ?? 0)
if (identity !== undefined) await folder.note(identity)
process.send?.({
  folder: folder.path,
  dying: await identifyProcess(dying.pid),
  outliving: identity,
})
setInterval(() => undefined, 1_000)
