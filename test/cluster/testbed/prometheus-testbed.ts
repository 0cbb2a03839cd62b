import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from './free-port.ts'
import type { TestbedFolder } from './testbed-folder.ts'
import { failIfEnded, startTestbedProcess } from './testbed-process.ts'
import { waitUntil } from './wait-until.ts'

interface PrometheusTestbedOptions {
  readonly folder: TestbedFolder
  /** Path of prometheus. */
  readonly program: string
  /** Path of a file of targets (file_sd: JSON or YAML), read again whenever it changes. */
  readonly targetsFile: string
  /** A duration of Prometheus; a second when absent. */
  readonly scrapeEvery?: string
}

/** One series of an answer. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface PrometheusTestbed {
  readonly url: string
  /** The samples of an instant query. Throws with the error of Prometheus. */
  readonly query: (promql: string) => Promise<readonly Sample[]>
  readonly close: () => Promise<void>
}

const READY_WITHIN_MS = 60_000

/**
 * Starts Prometheus on a free port; it scrapes the targets of the file, with honorLabels as in the
 * chart's PodMonitors.
 */
export async function startPrometheusTestbed(
  start: PrometheusTestbedOptions,
): Promise<PrometheusTestbed> {
  const folder = join(start.folder.path, 'prometheus')
  await mkdir(folder, { recursive: true })
  const config = join(folder, 'prometheus.yml')
  await writeFile(config, formatPrometheusConfig(start))
  const address = `127.0.0.1:${await freePort()}`
  const program = await startTestbedProcess(start.folder, {
    name: 'prometheus',
    command: start.program,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ],
  })
  const url = `http://${address}`
  await failIfEnded(program, ready(url))
  return {
    url,
    query: (promql) => query(url, promql),
    close: async () => void (await program.end(0)),
  }
}

const formatPrometheusConfig = ({
  targetsFile,
  scrapeEvery = '1s',
}: PrometheusTestbedOptions): string =>
  stringify({
    global: { scrape_interval: scrapeEvery, scrape_timeout: scrapeEvery },
    scrape_configs: [
      {
        job_name: 'neco',
        honor_labels: true,
        file_sd_configs: [{ files: [targetsFile], refresh_interval: '1s' }],
      },
    ],
  })

const ready = (url: string): Promise<true> =>
  waitUntil({
    what: `${url}/-/ready`,
    withinMs: READY_WITHIN_MS,
    look: async () => (await fetch(`${url}/-/ready`)).ok || undefined,
  })

interface QueryResponse {
  readonly error?: string
  readonly data?: {
    readonly result: readonly {
      readonly metric: Record<string, string>
      readonly value: readonly [number, string]
    }[]
  }
}

async function query(url: string, promql: string): Promise<readonly Sample[]> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(promql)}`)
  const { data, error } = (await answer.json()) as QueryResponse
  if (data === undefined) throw new Error(`${promql}: ${error ?? answer.statusText}`)
  return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
}
