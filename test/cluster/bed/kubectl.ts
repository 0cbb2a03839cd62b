import { spawn } from 'node:child_process'

export interface KubectlAnswer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

interface Options {
  /** Text for its stdin, as for `apply -f -`. */
  readonly input?: string
  /** A user of the bed; admin when left out. */
  readonly user?: string
}

/** The real kubectl, as a user of the bed. */
export interface Kubectl {
  /** Any exit code is an answer. */
  readonly run: (words: readonly string[], options?: Options) => Promise<KubectlAnswer>
  /** What it printed. Throws with its words when the exit code is not 0. */
  readonly ok: (words: readonly string[], options?: Options) => Promise<string>
}

interface Make {
  readonly program: string
  readonly cacheFolder: string
  readonly kubeconfig: (user: string) => string
}

/** A kubectl that keeps its cache in the bed, not in the home of who runs the tests. */
export function makeKubectl({ program, cacheFolder, kubeconfig }: Make): Kubectl {
  const run = (words: readonly string[], { input = '', user = 'admin' }: Options = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<KubectlAnswer>()
    const child = spawn(program, [...words], {
      env: {
        PATH: process.env['PATH'],
        KUBECONFIG: kubeconfig(user),
        KUBECACHEDIR: cacheFolder,
      },
    })
    const said = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (part: string) => {
        said[stream] += part
      })
    }
    child.once('error', reject)
    child.once('close', (code) => resolve({ ...said, exitCode: code ?? -1 }))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    return promise
  }
  return {
    run,
    ok: async (words, options) => {
      const { exitCode, stdout, stderr } = await run(words, options)
      if (exitCode !== 0) throw new Error(`kubectl ${words.join(' ')}: exit ${exitCode}\n${stderr}`)
      return stdout
    },
  }
}
