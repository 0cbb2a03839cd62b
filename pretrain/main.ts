import { EXIT_CODES } from '../contract/exit-codes.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import { createStopSignal } from '../pod/stop-signal.ts'
import { type Backend, startBackend } from '../vision/backends/start-backend.ts'
import { readSafetensors } from '../vision/weights/read-safetensors.ts'
import { WeightsError } from '../vision/weights/weights-error.ts'
import { type PretrainReport, pretrain } from './pretrain.ts'
import { PRETRAIN_HELP, type PretrainOptions, parsePretrainCall } from './pretrain-options.ts'
import { PRETRAIN_SETTINGS, type PretrainSettings } from './pretrain-settings.ts'
import { formatProgressLine } from './progress-line.ts'
import { restoreState } from './state-file.ts'
import { type PretrainState, startState } from './train-step.ts'
import { drawWindows, type Windows } from './windows.ts'

const SAVE_EVERY_STEPS = 100
const isTerminal = process.stdout.isTTY === true

async function main(): Promise<number> {
  const call = parsePretrainCall(process.argv.slice(2))
  if (call.kind === 'Help') {
    process.stdout.write(PRETRAIN_HELP)
    return EXIT_CODES.Succeeded
  }
  if (call.kind === 'Wrong') {
    console.error(`${call.message}\nSee npm run pretrain -- --help`)
    return EXIT_CODES.UserError
  }
  const backend = await startBackend({ backend: 'wasm', threads: call.options.threads })
  console.log(backend.selectionReason)
  try {
    return await run(call.options, backend)
  } finally {
    await backend.close()
  }
}

async function run(options: PretrainOptions, backend: Backend): Promise<number> {
  const settings = { ...PRETRAIN_SETTINGS, steps: options.steps, seed: options.seed }
  const state = startState(settings)
  if (!options.isFresh) await resume(state, settings, options.statePath)
  const { firstWindow, windows, heldOutWindows } = settings
  const first = firstWindow + windows
  const outcome = await pretrain(state, {
    settings,
    windows: drawWindowsWithProgress('training windows', { first: firstWindow, count: windows }),
    heldOut: drawWindowsWithProgress('held-out windows', { first, count: heldOutWindows }),
    storage: folderStorage(''),
    statePath: options.statePath,
    weightsPath: options.weightsPath,
    saveEverySteps: SAVE_EVERY_STEPS,
    report: createProgressReporter(settings, state.step),
    signal: createStopSignal({ process }),
  })
  console.log(`backend ${backend.identity}`)
  if (outcome === 'Interrupted') {
    console.log(`stopped at step ${state.step}; run the same command to resume`)
    return EXIT_CODES.Interrupted
  }
  console.log(`weights written to ${options.weightsPath}`)
  return EXIT_CODES.Succeeded
}

async function resume(
  state: PretrainState,
  settings: PretrainSettings,
  statePath: string,
): Promise<void> {
  const files = folderStorage('')
  if ((await files.stat(statePath)) === undefined) return
  const saved = await readSafetensors({ files, path: statePath })
  const isRestored = restoreState(state, settings, saved)
  if (isRestored) console.log(`going on from step ${state.step} of ${statePath}`)
  else console.log(`${statePath} is of other settings: starting from the first step`)
}

function drawWindowsWithProgress(
  label: string,
  range: { readonly first: number; readonly count: number },
): Windows {
  const startedMs = performance.now()
  return drawWindows(range, (done) => {
    if (done % Math.ceil(range.count / 8) !== 0 && done !== range.count) return
    const elapsedMs = performance.now() - startedMs
    printProgress(
      { label: `draw ${label}`, done, total: range.count, elapsedMs, startedAt: 0 },
      true,
    )
  })
}

function createProgressReporter(
  settings: PretrainSettings,
  startedAt: number,
): (report: PretrainReport) => void {
  const startedMs = performance.now()
  return ({ step, loss, heldOutAccuracy }) => {
    const accuracy =
      heldOutAccuracy === undefined ? '' : `, held-out accuracy ${heldOutAccuracy.toFixed(3)}`
    const note = `loss ${loss.toFixed(4)}${accuracy}`
    const elapsedMs = performance.now() - startedMs
    const total = settings.steps
    printProgress(
      { label: 'train', done: step, total, elapsedMs, startedAt, note },
      accuracy !== '',
    )
  }
}

/**
 * A terminal sees every step on one line that is drawn over; a log sees only what is worth a line.
 */
function printProgress(
  progress: Parameters<typeof formatProgressLine>[0],
  isWorthALine: boolean,
): void {
  const line = formatProgressLine(progress, isTerminal)
  if (isTerminal) process.stdout.write(`\r\u001b[2K${line}${isWorthALine ? '\n' : ''}`)
  else if (isWorthALine) console.log(line)
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(error instanceof WeightsError ? error.message : error)
    process.exitCode = error instanceof WeightsError ? EXIT_CODES.UserError : EXIT_CODES.Unexpected
  },
)
