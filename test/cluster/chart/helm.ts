import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'

export const CHART = join(import.meta.dirname, '../../../charts/neco-operator')

export interface HelmResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface Helm {
  /** Resolves at any exit code. */
  run(args: readonly string[]): Promise<HelmResult>
  /** Its stdout. Throws with its stderr when the exit code is not 0. */
  ok(args: readonly string[]): Promise<string>
  /** The path of a file with values, for --values. */
  valuesFile(values: object): Promise<string>
}

interface HelmOptions {
  readonly program: string
  /** Folder of its caches and values files. */
  readonly folder: string
  readonly kubeconfig: string
}

/** The real helm, with its home directory in the folder of the testbed. */
export function createHelm({ program, folder, kubeconfig }: HelmOptions): Helm {
  let files = 0
  const home = join(folder, 'helm')
  const environment = {
    PATH: process.env['PATH'],
    KUBECONFIG: kubeconfig,
    HOME: home,
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
  }
  const run = (args: readonly string[]): Promise<HelmResult> => {
    const { promise, resolve, reject } = Promise.withResolvers<HelmResult>()
    const child = spawn(program, [...args], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (part: string) => {
        output[stream] += part
      })
    }
    child.once('error', reject)
    child.once('close', (code) => resolve({ ...output, exitCode: code ?? -1 }))
    return promise
  }
  return {
    run,
    ok: async (args) => {
      const { exitCode, stdout, stderr } = await run(args)
      if (exitCode !== 0) throw new Error(`helm ${args.join(' ')}: exit ${exitCode}\n${stderr}`)
      return stdout
    },
    valuesFile: async (values) => {
      await mkdir(home, { recursive: true })
      const path = join(home, `values-${++files}.json`)
      await writeFile(path, JSON.stringify(values))
      return path
    },
  }
}

/** The fields of an API object that the tests read. */
export interface RenderedObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

/** The objects of a rendered chart. */
export const objectsIn = (yaml: string): readonly RenderedObject[] =>
  parseAllDocuments(yaml)
    .map((document) => document.toJS() as RenderedObject | null)
    .filter((object) => object !== null)
