import { spawn } from 'node:child_process'

export interface KubectlResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

interface KubectlRunOptions {
  /** Text for its stdin, as for `apply -f -`. */
  readonly input?: string
  /** A user of the testbed; admin when left out. */
  readonly user?: string
}

/** The real kubectl, as a user of the testbed. */
export interface Kubectl {
  /** Resolves at any exit code. */
  readonly run: (args: readonly string[], options?: KubectlRunOptions) => Promise<KubectlResult>
  /** Its stdout. Throws with its stderr when the exit code is not 0. */
  readonly ok: (args: readonly string[], options?: KubectlRunOptions) => Promise<string>
}

interface KubectlOptions {
  readonly program: string
  readonly cacheFolder: string
  readonly kubeconfig: (user: string) => string
}

/** A kubectl with its cache in the testbed, not in the user's home directory. */
export function createKubectl({ program, cacheFolder, kubeconfig }: KubectlOptions): Kubectl {
  const run = (args: readonly string[], { input = '', user = 'admin' }: KubectlRunOptions = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<KubectlResult>()
    const child = spawn(program, [...args], {
      env: {
        PATH: process.env['PATH'],
        KUBECONFIG: kubeconfig(user),
        KUBECACHEDIR: cacheFolder,
      },
    })
    const output = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (part: string) => {
        output[stream] += part
      })
    }
    child.once('error', reject)
    child.once('close', (code) => resolve({ ...output, exitCode: code ?? -1 }))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    return promise
  }
  return {
    run,
    ok: async (args, options) => {
      const { exitCode, stdout, stderr } = await run(args, options)
      if (exitCode !== 0) throw new Error(`kubectl ${args.join(' ')}: exit ${exitCode}\n${stderr}`)
      return stdout
    },
  }
}
