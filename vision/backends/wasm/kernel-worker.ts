import { parentPort, workerData } from 'node:worker_threads'
import {
  ARGUMENTS_START,
  type ControlBlock,
  controlBlock,
  shareOf,
  sortedNames,
  Word,
} from './control-block.ts'
import { instantiateKernels, type KernelFunctions } from './kernel-modules.ts'

interface WorkerStart {
  readonly memory: WebAssembly.Memory
  readonly modules: readonly WebAssembly.Module[]
  readonly thread: number
}

/** Sleeps until a dispatch, does its share, says so; forever. */
function serve({ memory, modules, thread }: WorkerStart): void {
  const control = controlBlock(memory)
  const kernels = instantiateKernels(modules, memory)
  const names = sortedNames(kernels)
  let seen = Atomics.load(control.words, Word.dispatch)
  parentPort?.postMessage('ready')
  for (;;) {
    Atomics.wait(control.words, Word.dispatch, seen)
    seen = Atomics.load(control.words, Word.dispatch)
    work({ control, kernels, names, thread })
    Atomics.add(control.words, Word.finished, 1)
    Atomics.notify(control.words, Word.finished)
  }
}

function work(share: {
  control: ControlBlock
  kernels: KernelFunctions
  names: readonly string[]
  thread: number
}): void {
  const { words } = share.control
  const word = (index: number): number => Atomics.load(words, index)
  try {
    const kernel = share.kernels.get(share.names[word(Word.kernel)] ?? '')
    if (!kernel) throw new Error('the worker does not know the kernel')
    const { begin, end } = shareOf(word(Word.items), share.thread, word(Word.threads))
    const scratch =
      (word(Word.scratchStart) >>> 0) + share.thread * (word(Word.scratchStride) >>> 0)
    if (end > begin) kernel(ARGUMENTS_START, begin, end, scratch)
  } catch (error) {
    report(share.control, `thread ${share.thread}: ${error}`)
  }
}

function report(control: ControlBlock, message: string): void {
  const text = new TextEncoder().encode(message).subarray(0, control.error.length)
  control.error.set(text)
  Atomics.store(control.words, Word.errorLength, text.length)
}

serve(workerData as WorkerStart)
