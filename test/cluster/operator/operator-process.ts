import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProcessExit } from '../../../cli/local/child-process.ts'
import type { TestbedFolder } from '../testbed/testbed-folder.ts'
import { startTestbedProcess, type TestbedProcess } from '../testbed/testbed-process.ts'
import { waitUntil } from '../testbed/wait-until.ts'

export interface OperatorLine {
  readonly level: string
  readonly message: string
  readonly note?: string
  readonly [field: string]: unknown
}

/** The operator as a program of its own, as in a cluster. */
export interface OperatorProcess {
  readonly name: string
  readonly process: TestbedProcess
  /** Its JSON lines so far, and whatever else it wrote, as text. */
  lines(): Promise<readonly OperatorLine[]>
  text(): Promise<string>
  /** Resolves with the first line of this message that passes the check. */
  waitForLine(message: string, fits?: (line: OperatorLine) => boolean): Promise<OperatorLine>
  get(port: 'health' | 'metrics', path: string): Promise<{ status: number; text: string }>
  /** SIGTERM; resolves when it has ended. */
  end(): Promise<ProcessExit>
}

export interface OperatorStart {
  readonly folder: TestbedFolder
  readonly name: string
  readonly kubeconfig: string
  /** As operator/config.ts has it; ports are free ones where left out. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string>>
}

const WITHIN_MS = 60_000
const GRACE_MS = 30_000
const MAIN = join(import.meta.dirname, '..', '..', '..', 'operator', 'main.ts')

function parseLine(line: string): OperatorLine[] {
  try {
    return [JSON.parse(line) as OperatorLine]
  } catch {
    return []
  }
}

/** Starts the operator; it dies with this process. */
export async function startOperator(start: OperatorStart): Promise<OperatorProcess> {
  const { folder, name, kubeconfig, config = {}, environment = {} } = start
  const configFile = join(folder.path, `${name}.json`)
  await writeFile(configFile, JSON.stringify({ ports: { metrics: 0, health: 0 }, ...config }))
  const args = [MAIN, '--config', configFile, '--kubeconfig', kubeconfig]
  const process_ = await startTestbedProcess(folder, {
    name,
    command: process.execPath,
    args,
    environment: { POD_NAME: name, ...environment },
  })
  const text = () => readFile(process_.logPath, 'utf8').catch(() => '')
  const lines = async () => (await text()).split('\n').flatMap(parseLine)
  const output: OperatorProcess['waitForLine'] = (message, fits = () => true) =>
    waitUntil({
      what: `${name}: ${message}`,
      withinMs: WITHIN_MS,
      look: async () => (await lines()).find((line) => line.message === message && fits(line)),
    })
  return {
    name,
    process: process_,
    text,
    lines,
    waitForLine: output,
    async get(port, path) {
      const { [`${port}Port`]: number } = await output('listening')
      const answer = await fetch(`http://127.0.0.1:${number}${path}`)
      return { status: answer.status, text: await answer.text() }
    },
    end: () => process_.end(GRACE_MS),
  }
}
