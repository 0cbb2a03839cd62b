import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ContainerStart } from './executor.ts'
import { type Behavior, describeExecutorContract } from './executor-contract.ts'
import { detectIsolation, type Isolation } from './isolation.ts'
import type { Container } from './pod-object.ts'
import { processExecutor } from './process-executor.ts'
import { systemClock } from './system-clock.ts'

let base = ''
let count = 0
let namespaces: Isolation = 'Rewritten'
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'neco-kubelet-'))
  namespaces = await detectIsolation()
})
afterAll(() => rm(base, { recursive: true }))

const MESSAGE_PATH = '/dev/termination-log'
const PATH = '/usr/local/bin:/usr/bin:/bin'

async function buildContainerStart(
  command: readonly string[],
  more: Partial<ContainerStart> = {},
): Promise<ContainerStart> {
  const folder = join(base, String(++count))
  await mkdir(folder)
  const container: Container = { name: 'main', image: 'image' }
  return {
    pod: {
      metadata: { name: 'pod', namespace: 'default', uid: 'uid' },
      spec: { containers: [container] },
    },
    container,
    command,
    environment: { PATH, MESSAGE_PATH },
    workingDir: '/tmp',
    mounts: [],
    folder,
    logPath: join(folder, 'log'),
    hosts: {},
    ...more,
  }
}

const executorWith = (isolation: Isolation) =>
  processExecutor({ isolation, clock: systemClock, nodePath: process.execPath })
const readContainerLog = (start: ContainerStart) => readFile(start.logPath, 'utf8')

async function logged(start: ContainerStart, text: string): Promise<void> {
  while (!(await readContainerLog(start)).includes(text))
    await new Promise((done) => setTimeout(done, 5))
}

/** Programs in Node, which print when they are ready for signals. */
const buildBehaviorProgram = (behavior: Behavior): string => {
  if (behavior.kind === 'IgnoresStop') {
    return 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("ready")'
  }
  const say = `require("fs").writeFileSync(process.env.MESSAGE_PATH, ${JSON.stringify(behavior.message)}); process.exit(${behavior.exitCode})`
  return behavior.kind === 'Ends'
    ? say
    : `process.on("SIGTERM", () => { ${say} }); setInterval(() => {}, 1000); console.log("ready")`
}

const startBehaving = (isolation: () => Isolation) => async (behavior: Behavior) => {
  const start = await buildContainerStart(['node', '-e', buildBehaviorProgram(behavior)])
  const running = await executorWith(isolation()).start(start)
  if (behavior.kind !== 'Ends') await logged(start, 'ready')
  return running
}

describeExecutorContract(
  'process executor in namespaces',
  startBehaving(() => namespaces),
)
describeExecutorContract(
  'process executor with rewritten paths',
  startBehaving(() => 'Rewritten'),
)

async function run(command: readonly string[], more: Partial<ContainerStart> = {}) {
  const start = await buildContainerStart(command, more)
  const running = await executorWith(namespaces).start(start)
  const end = await running.ended
  return { ...end, log: await readContainerLog(start) }
}

describe('a process in namespaces of its own', () => {
  it('sees its mounts at their paths, which need not exist on this machine', async () => {
    const source = join(base, 'volume')
    await mkdir(source)
    await writeFile(join(source, 'file'), 'content')
    const script = 'cat file; echo more > other; echo x > /read-only/no; pwd; node --version'
    const mounts = [
      { source, target: '/etc/neco/data', readOnly: false },
      { source, target: '/read-only', readOnly: true },
    ]
    const { exitCode, log } = await run(['sh', '-c', script], {
      mounts,
      workingDir: '/etc/neco/data',
    })
    expect(log).toContain('content')
    expect(log).toContain('Read-only file system')
    expect(log).toContain(`/etc/neco/data\n${process.version}\n`)
    expect(await readFile(join(source, 'other'), 'utf8')).toBe('more\n')
    expect(exitCode).toBe(0)
  })

  it('is process 1, changes nothing outside its mounts, and resolves the names it is given', async () => {
    const script = 'echo $$ > /etc/neco-was-here; cat /etc/neco-was-here; cat /etc/hosts'
    const { log } = await run(['sh', '-c', script], { hosts: { 'nats.neco.svc': '127.0.0.1' } })
    expect(log).toMatch(/^1\n/)
    expect(log).toContain('127.0.0.1 nats.neco.svc\n')
    await expect(readFile('/etc/neco-was-here')).rejects.toThrow('ENOENT')
  })

  it('runs as the user of its security context and with a read-only root when that is asked for', async () => {
    const securityContext = { runAsUser: 65532, readOnlyRootFilesystem: true }
    const container: Container = { name: 'main', image: 'image', securityContext }
    const script = 'id -u; touch /tmp/file; echo bye > /dev/termination-log'
    const { log, terminationMessage } = await run(['sh', '-c', script], { container })
    expect(log).toMatch(/^65532\n.*Read-only file system/)
    expect(terminationMessage).toBe('bye\n')
  })

  it('is in the group of the volumes of its pod', async () => {
    const container: Container = {
      name: 'main',
      image: 'image',
      securityContext: { runAsUser: 65532, runAsGroup: 65532 },
    }
    const start = await buildContainerStart(['id', '-G'], { container })
    const spec = { ...start.pod.spec, securityContext: { fsGroup: 2000 } }
    const { log } = await run(['id', '-G'], { container, pod: { ...start.pod, spec } })
    expect(log).toBe('65532 2000\n')
  })

  it('cannot start without its program, which the error names', async () => {
    await expect(run(['no-such-program'])).rejects.toMatchObject({
      code: 'StartError',
      message: 'exec: "no-such-program": executable file not found in $PATH',
    })
  })

  it('has the tail of its log as termination message with FallbackToLogsOnError', async () => {
    const container: Container = {
      name: 'main',
      image: 'image',
      terminationMessagePolicy: 'FallbackToLogsOnError',
    }
    const end = await run(['sh', '-c', 'echo what went wrong; exit 4'], { container })
    expect(end).toMatchObject({ exitCode: 4, terminationMessage: 'what went wrong\n' })
  })
})

/**
 * A program that starts a container and is then killed; the container holds a connection, which
 * closes when it dies.
 */
const buildParentProgram = (start: ContainerStart) => `
import { detectIsolation } from ${JSON.stringify(join(import.meta.dirname, 'isolation.ts'))}
import { processExecutor } from ${JSON.stringify(join(import.meta.dirname, 'process-executor.ts'))}
import { systemClock } from ${JSON.stringify(join(import.meta.dirname, 'system-clock.ts'))}
const ports = { isolation: await detectIsolation(), clock: systemClock, nodePath: process.execPath }
await processExecutor(ports).start(${JSON.stringify(start)})
`

describe('a process whose kubelet is killed', () => {
  it.each([undefined, 65532])('dies with it, whoever it runs as (user %s)', async (runAsUser) => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const hold = `require("net").connect(${port}, "127.0.0.1"); process.on("SIGTERM", () => {})`
    const container: Container = {
      name: 'main',
      image: 'image',
      ...(runAsUser === undefined ? {} : { securityContext: { runAsUser } }),
    }
    const start = await buildContainerStart(['node', '-e', hold], { container })
    const args = ['--input-type=module-typescript', '-e', buildParentProgram(start)]
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    const [socket] = (await once(server, 'connection')) as [Socket]
    const closed = once(
      socket.on('error', () => undefined),
      'close',
    )
    socket.resume()
    parent.kill('SIGKILL')
    await closed
    server.close()
  })
})
