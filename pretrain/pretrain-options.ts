import { parseArgs } from 'node:util'
import { PRETRAIN_SETTINGS } from './pretrain-settings.ts'

export interface PretrainOptions {
  readonly steps: number
  readonly seed: number
  readonly threads: number
  readonly weightsPath: string
  readonly statePath: string
  readonly isFresh: boolean
}

export const PRETRAIN_HELP = `Pre-trains the tiny backbone of the examples on windows of Scenes.

  npm run pretrain -- [options]

Options
  --steps N      training steps (${PRETRAIN_SETTINGS.steps})
  --seed N       seed of weights, order and augmentation (${PRETRAIN_SETTINGS.seed})
  --out FILE     where the weights go (examples/weights/tiny-scenes.safetensors)
  --state FILE   checkpoint that an interrupted run resumes from (out/pretrain/state.safetensors)
  --fresh        start from step 0 and ignore the checkpoint
  --threads N    threads of the tensor backend (1)
  --help         this text

Example: a short trial that leaves the weights of the examples alone
  npm run pretrain -- --steps 100 --out out/trial.safetensors

Exit codes: 0 done, 2 the input is wrong, 5 interrupted (run the same command to resume).
`

export type PretrainCall =
  | { readonly kind: 'Help' }
  | { readonly kind: 'Wrong'; readonly message: string }
  | { readonly kind: 'Run'; readonly options: PretrainOptions }

/** Reads the command line. */
export function parsePretrainCall(args: readonly string[]): PretrainCall {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        steps: { type: 'string', default: String(PRETRAIN_SETTINGS.steps) },
        seed: { type: 'string', default: String(PRETRAIN_SETTINGS.seed) },
        threads: { type: 'string', default: '1' },
        out: { type: 'string', default: 'examples/weights/tiny-scenes.safetensors' },
        state: { type: 'string', default: 'out/pretrain/state.safetensors' },
        fresh: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return { kind: 'Help' }
    const options = {
      steps: wholeNumber('--steps', values.steps, 1),
      seed: wholeNumber('--seed', values.seed, 0),
      threads: wholeNumber('--threads', values.threads, 1),
      weightsPath: values.out,
      statePath: values.state,
      isFresh: values.fresh,
    }
    return { kind: 'Run', options }
  } catch (error) {
    return { kind: 'Wrong', message: error instanceof Error ? error.message : String(error) }
  }
}

function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least && value < 2 ** 31) return value
  throw new RangeError(`${option} ${text}: give a whole number of at least ${least}`)
}
