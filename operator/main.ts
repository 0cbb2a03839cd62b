import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { homedir, hostname } from 'node:os'
import { performance } from 'node:perf_hooks'
import { loadKubeConfig } from '../kube/client/load-kube-config.ts'
import packageFile from '../package.json' with { type: 'json' }
import type { Clock } from '../std/clock.ts'
import { startEventLoopLagMonitor } from './observability/event-loop-lag.ts'
import { createLog } from './observability/log.ts'
import type { ProcessUsage } from './observability/operator-gauges.ts'
import { type ConfigResult, readConfig, readOperatorIdentity } from './read-config.ts'
import {
  HELP,
  type OperatorArguments,
  parseOperatorArguments,
} from './startup/operator-arguments.ts'
import type { OperatorDependencies } from './startup/operator-dependencies.ts'
import { runOperator } from './startup/run-operator.ts'

const EXIT_STATUS = { Stopped: 0, Failed: 1, Refused: 2 } as const

const MICROSECONDS = 1e6
const startSeconds = Date.now() / 1000

const readProcessUsage = (): ProcessUsage => {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  return {
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    cpuSeconds: (user + system) / MICROSECONDS,
    startSeconds,
  }
}

const after: Clock['after'] = (delayMs, call) => {
  const timer = setTimeout(call, delayMs)
  return () => clearTimeout(timer)
}

function exitWithProblems(problems: readonly string[]): never {
  for (const problem of problems) console.error(`neco-operator: ${problem}`)
  process.exit(EXIT_STATUS.Refused)
}

async function loadOperatorConfig({ config: file }: OperatorArguments): Promise<ConfigResult> {
  const environment = process.env
  if (file === undefined) return readConfig({ file: 'defaults', text: '', environment })
  try {
    return readConfig({ file, text: await readFile(file, 'utf8'), environment })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { ok: false, problems: [`${file}: cannot be read (${code}); see --config`] }
  }
}

async function buildDependencies(options: OperatorArguments): Promise<OperatorDependencies> {
  const result = await loadOperatorConfig(options)
  if (!result.ok) exitWithProblems(result.problems)
  const { config } = result
  const { kubeconfig: file, context } = options
  const cluster = loadKubeConfig({
    file,
    context,
    environment: process.env,
    homeFolder: homedir(),
  })
  if (!cluster.ok) exitWithProblems([cluster.problem])
  const { identity, namespace } = readOperatorIdentity(process.env, {
    name: hostname(),
    pid: process.pid,
  })
  const log = createLog({
    level: config.log.level,
    write: (line) => process.stdout.write(line),
    nowMs: Date.now,
  })
  log.info({ version: packageFile.version, cluster: cluster.from, identity }, 'starting')
  return {
    config,
    kubeConfig: cluster.kubeConfig,
    identity: `${identity}_${randomUUID().slice(0, 8)}`,
    namespace,
    podAddress: process.env['POD_IP'],
    log,
    clock: { nowMs: Date.now, after },
    monotonicClock: { nowMs: () => performance.now(), after },
    random: Math.random,
    lagMonitor: startEventLoopLagMonitor(),
    readProcessUsage,
    onLeaseLost: () => process.exit(EXIT_STATUS.Failed),
  }
}

/** Asked once, everything is ended in good order; asked twice, at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController()
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_STATUS.Failed)
    controller.abort()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  return controller.signal
}

async function main(options: OperatorArguments): Promise<never> {
  const stop = stopSignal()
  const dependencies = await buildDependencies(options)
  process.on('uncaughtException', (error) => {
    dependencies.log.fatal({ error }, 'ended by a failure that nobody expected')
    process.exit(EXIT_STATUS.Failed)
  })
  const outcome = await runOperator(dependencies, stop)
  if (outcome.kind === 'Refused') {
    dependencies.log.error({ note: outcome.message }, 'cannot start')
    exitWithProblems([outcome.message])
  }
  dependencies.log.info({ ending: outcome.kind }, 'ended')
  process.exit(outcome.kind === 'Stopped' ? EXIT_STATUS.Stopped : EXIT_STATUS.Failed)
}

const result = parseOperatorArguments(process.argv.slice(2))
if (result.kind === 'Wrong') exitWithProblems([result.problem])
if (result.kind === 'Start') await main(result.options)
process.stdout.write(result.kind === 'Help' ? HELP : `neco-operator ${packageFile.version}\n`)
