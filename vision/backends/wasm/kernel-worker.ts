import { parentPort, workerData } from 'node:worker_threads'
import {
  ARGUMENTS_START,
  type ControlBlock,
  ControlWord,
  computeThreadRange,
  mapControlBlock,
  sortKernelNames,
} from './control-block.ts'
import { instantiateKernels, type KernelFunctions } from './kernel-modules.ts'

interface WorkerStart {
  readonly memory: WebAssembly.Memory
  readonly modules: readonly WebAssembly.Module[]
  readonly thread: number
}

/** Sleeps until a dispatch, does its share, says so; forever. */
function runWorkerLoop({ memory, modules, thread }: WorkerStart): void {
  const control = mapControlBlock(memory)
  const kernels = instantiateKernels(modules, memory)
  const names = sortKernelNames(kernels)
  let seen = Atomics.load(control.words, ControlWord.dispatch)
  parentPort?.postMessage('ready')
  for (;;) {
    Atomics.wait(control.words, ControlWord.dispatch, seen)
    seen = Atomics.load(control.words, ControlWord.dispatch)
    runThreadShare({ control, kernels, names, thread })
    Atomics.add(control.words, ControlWord.finished, 1)
    Atomics.notify(control.words, ControlWord.finished)
  }
}

function runThreadShare(share: {
  control: ControlBlock
  kernels: KernelFunctions
  names: readonly string[]
  thread: number
}): void {
  const { words } = share.control
  const word = (index: number): number => Atomics.load(words, index)
  try {
    const kernel = share.kernels.get(share.names[word(ControlWord.kernel)] ?? '')
    if (!kernel) throw new Error('the worker does not know the kernel')
    const { begin, end } = computeThreadRange(
      word(ControlWord.items),
      share.thread,
      word(ControlWord.threads),
    )
    const scratch =
      (word(ControlWord.scratchStart) >>> 0) +
      share.thread * (word(ControlWord.scratchStride) >>> 0)
    if (end > begin) kernel(ARGUMENTS_START, begin, end, scratch)
  } catch (error) {
    writeWorkerError(share.control, `thread ${share.thread}: ${error}`)
  }
}

function writeWorkerError(control: ControlBlock, message: string): void {
  const text = new TextEncoder().encode(message).subarray(0, control.error.length)
  control.error.set(text)
  Atomics.store(control.words, ControlWord.errorLength, text.length)
}

runWorkerLoop(workerData as WorkerStart)
