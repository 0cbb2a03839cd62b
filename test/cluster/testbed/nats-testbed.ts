import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { makeAuthority } from './certificate.ts'
import { freePort } from './free-port.ts'
import { makeNatsAccounts, type NatsAccounts } from './nats-accounts.ts'
import type { TestbedFolder } from './testbed-folder.ts'
import { failIfEnded, startTestbedProcess, type TestbedProcess } from './testbed-process.ts'
import { waitUntil } from './wait-until.ts'

interface NatsTestbedOptions {
  readonly folder: TestbedFolder
  /** Path of nats-server. */
  readonly program: string
  /** Distinguishes servers in one folder. */
  readonly name?: string
  /** None leaves JetStream off; NotForAccount has it, but not for account NECO. */
  readonly jetStream?: 'On' | 'None' | 'NotForAccount'
}

/** A NATS server with TLS, JetStream and accounts by JWT. */
export interface NatsTestbed {
  /** tls://127.0.0.1:port */
  readonly url: string
  readonly caFile: string
  /** Public id of account NECO. */
  readonly account: string
  /** Seed of the key that signs users of account NECO. */
  readonly accountSigningSeedFile: string
  readonly operatorCredsFile: string
  readonly systemCredsFile: string
  /** Credentials that the server refuses. */
  readonly untrustedCredsFile: string
  /** http://127.0.0.1:port, for /varz, /jsz, /connz. */
  readonly monitorUrl: string
  /** Ends the server: Gently as an upgrade does, Killed as a lost machine. */
  readonly stop: (how?: 'Gently' | 'Killed') => Promise<void>
  /**
   * Starts it again on the same port and store; from then on with JetStream where that is asked
   * for.
   */
  readonly start: (jetStream?: 'On') => Promise<void>
  readonly close: () => Promise<void>
}

const READY_WITHIN_MS = 60_000
const GRACE_MS = 10_000

/** Starts nats-server on a free port of 127.0.0.1, ready for connections. */
export async function startNatsTestbed(options: NatsTestbedOptions): Promise<NatsTestbed> {
  const name = options.name ?? 'nats'
  const folder = join(options.folder.path, name)
  await mkdir(join(folder, 'store'), { recursive: true })
  const jetStream = options.jetStream ?? 'On'
  const accounts = await makeNatsAccounts(jetStream !== 'NotForAccount')
  const ports = { client: await freePort(), monitor: await freePort() }
  const files = await writeNatsFiles(folder, accounts)
  const config = join(folder, 'nats.conf')
  const configure = (isOn: boolean): Promise<void> =>
    writeFile(config, formatNatsConfig({ folder, accounts, ports, jetStream: isOn }))
  await configure(jetStream !== 'None')
  const args = ['--config', config]
  const launch = async (): Promise<TestbedProcess> => {
    const program = await startTestbedProcess(options.folder, {
      name,
      command: options.program,
      args,
    })
    await failIfEnded(program, accepting(ports.client))
    return program
  }
  let program = await launch()
  const stop = async (how: 'Gently' | 'Killed' = 'Gently') => {
    await program.end(how === 'Gently' ? GRACE_MS : 0)
  }
  return {
    ...files,
    url: `tls://127.0.0.1:${ports.client}`,
    monitorUrl: `http://127.0.0.1:${ports.monitor}`,
    account: accounts.account,
    stop,
    start: async (jetStream) => {
      if (jetStream === 'On') await configure(true)
      program = await launch()
    },
    close: () => stop('Killed'),
  }
}

async function writeNatsFiles(folder: string, accounts: NatsAccounts) {
  const authority = makeAuthority('neco-testbed-nats')
  const server = authority.issue('nats-server', ['127.0.0.1', 'localhost', 'nats'])
  const paths = {
    caFile: join(folder, 'ca.crt'),
    accountSigningSeedFile: join(folder, 'account-signing.nk'),
    operatorCredsFile: join(folder, 'operator.creds'),
    systemCredsFile: join(folder, 'system.creds'),
    untrustedCredsFile: join(folder, 'stranger.creds'),
  }
  const texts: readonly (readonly [string, string])[] = [
    [paths.caFile, authority.certPem],
    [join(folder, 'tls.crt'), server.certPem],
    [join(folder, 'tls.key'), server.keyPem],
    [paths.accountSigningSeedFile, accounts.signingSeed],
    [paths.operatorCredsFile, accounts.operatorCreds],
    [paths.systemCredsFile, accounts.systemCreds],
    [paths.untrustedCredsFile, accounts.untrustedCreds],
  ]
  for (const [path, text] of texts) await writeFile(path, text, { mode: 0o600 })
  return paths
}

interface NatsConfig {
  readonly folder: string
  readonly accounts: NatsAccounts
  readonly ports: { readonly client: number; readonly monitor: number }
  readonly jetStream: boolean
}

function formatNatsConfig({ folder, accounts, ports, jetStream }: NatsConfig): string {
  const preload = Object.entries(accounts.preload).map(([id, jwt]) => `  ${id}: ${jwt}`)
  const store = JSON.stringify(join(folder, 'store'))
  return [
    'server_name: neco-testbed',
    `listen: "127.0.0.1:${ports.client}"`,
    `http: "127.0.0.1:${ports.monitor}"`,
    `tls { cert_file: ${JSON.stringify(join(folder, 'tls.crt'))}, key_file: ${JSON.stringify(join(folder, 'tls.key'))} }`,
    ...(jetStream ? [`jetstream { store_dir: ${store}, max_mem: 256M, max_file: 4G }`] : []),
    `operator: ${accounts.operatorJwt}`,
    `system_account: ${accounts.systemAccount}`,
    'resolver: MEMORY',
    'resolver_preload {',
    ...preload,
    '}',
    '',
  ].join('\n')
}

/** A NATS server sends INFO to new connections, before TLS, once it serves. */
const accepting = (port: number): Promise<true> =>
  waitUntil({
    what: `NATS on port ${port}`,
    withinMs: READY_WITHIN_MS,
    look: () =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1')
        socket.once('error', reject)
        socket.once('data', () => {
          socket.destroy()
          resolve(true)
        })
      }),
  })
