import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { homedir, hostname } from 'node:os'
import { performance } from 'node:perf_hooks'
import { loadKubeConfig } from '../kube/client/load-kube-config.ts'
import packageFile from '../package.json' with { type: 'json' }
import { startLagMeter } from './observability/event-loop-lag.ts'
import { createLog } from './observability/log.ts'
import type { ProcessFacts } from './observability/operator-gauges.ts'
import type { Clock } from './ports/clock.ts'
import { type ConfigRead, readConfig, surroundingOf } from './read-config.ts'
import { HELP, type OperatorArguments, readArguments } from './startup/arguments.ts'
import type { OperatorWorld } from './startup/operator-world.ts'
import { runOperator } from './startup/run-operator.ts'

const EXIT = { Stopped: 0, Failed: 1, Refused: 2 } as const

const MICROSECONDS = 1e6
const startSeconds = Date.now() / 1000

const processFacts = (): ProcessFacts => {
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

function refuse(problems: readonly string[]): never {
  for (const problem of problems) console.error(`neco-operator: ${problem}`)
  process.exit(EXIT.Refused)
}

async function configOf({ config: file }: OperatorArguments): Promise<ConfigRead> {
  const environment = process.env
  if (file === undefined) return readConfig({ file: 'defaults', text: '', environment })
  try {
    return readConfig({ file, text: await readFile(file, 'utf8'), environment })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { ok: false, problems: [`${file}: cannot be read (${code}); see --config`] }
  }
}

async function worldOf(given: OperatorArguments): Promise<OperatorWorld> {
  const read = await configOf(given)
  if (!read.ok) refuse(read.problems)
  const { config } = read
  const { kubeconfig: file, context } = given
  const cluster = loadKubeConfig({
    file,
    context,
    environment: process.env,
    homeFolder: homedir(),
  })
  if (!cluster.ok) refuse([cluster.problem])
  const { identity, namespace } = surroundingOf(process.env, { name: hostname(), pid: process.pid })
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
    lagMeter: startLagMeter(),
    processFacts,
    leaseLost: () => process.exit(EXIT.Failed),
  }
}

/** Asked once, everything is ended in good order; asked twice, at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController()
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.Failed)
    controller.abort()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  return controller.signal
}

async function start(given: OperatorArguments): Promise<never> {
  const stop = stopSignal()
  const world = await worldOf(given)
  process.on('uncaughtException', (error) => {
    world.log.fatal({ error }, 'ended by a failure that nobody expected')
    process.exit(EXIT.Failed)
  })
  const ending = await runOperator(world, stop)
  if (ending.kind === 'Refused') {
    world.log.error({ note: ending.message }, 'cannot start')
    refuse([ending.message])
  }
  world.log.info({ ending: ending.kind }, 'ended')
  process.exit(ending.kind === 'Stopped' ? EXIT.Stopped : EXIT.Failed)
}

const read = readArguments(process.argv.slice(2))
if (read.kind === 'Wrong') refuse([read.problem])
if (read.kind === 'Start') await start(read.given)
process.stdout.write(read.kind === 'Help' ? HELP : `neco-operator ${packageFile.version}\n`)
