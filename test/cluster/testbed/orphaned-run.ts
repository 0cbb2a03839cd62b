import { spawn } from 'node:child_process'
import { identifyProcess } from '../../../cli/local/process-identity.ts'
import { openTestbedFolder } from './testbed-folder.ts'
import { startTestbedProcess } from './testbed-process.ts'

/**
 * A run of the testbed that waits to be killed, for the test of the cleanup. Its argument is the
 * folder for testbeds.
 */
const folder = await openTestbedFolder(process.argv[2])
const program = { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] }
const dying = await startTestbedProcess(folder, { name: 'dying', ...program })
const outliving = spawn(program.command, program.args, { detached: true, stdio: 'ignore' })
const identity = await identifyProcess(outliving.pid ?? 0)
if (identity !== undefined) await folder.recordProcess(identity)
process.send?.({
  folder: folder.path,
  dying: await identifyProcess(dying.pid),
  outliving: identity,
})
setInterval(() => undefined, 1_000)
