import { version_core } from '@tensorflow/tfjs-core'
import type { BackendImplementation } from '../backend-parts.ts'
import { type TensorAllocator, TensorStore } from '../tensor-store.ts'
import { attentionKernels } from './attention-kernels.ts'
import { SPLIT_VERSION } from './control-block.ts'
import { elementwiseKernels } from './elementwise-kernels.ts'
import { countElements, KernelHost, type WasmArray } from './kernel-host.ts'
import { type KernelModules, loadKernelModules, type Variant } from './kernel-modules.ts'
import { matrixKernels } from './matrix-kernels.ts'
import { normalizeKernels } from './normalize-kernels.ts'
import { miscKernels } from './other-kernels.ts'
import { rowKernels } from './row-kernels.ts'
import { SharedHeap } from './shared-heap.ts'
import { softSortKernels } from './soft-sort-kernels.ts'
import { WorkerPool } from './worker-pool.ts'

/** The float32 backend for training: own SIMD kernels on one shared memory. */
export async function startWasm(
  threads: number,
  variant?: Variant,
): Promise<BackendImplementation<WasmArray>> {
  const heap = new SharedHeap()
  const kernels = loadKernelModules(variant)
  const pool = await WorkerPool.start({ heap, kernels, threads })
  const host = new KernelHost(heap, pool)
  return {
    store: new TensorStore(createHeapAllocator(host)),
    kernels: {
      ...matrixKernels(host),
      ...attentionKernels(host),
      ...normalizeKernels(host),
      ...elementwiseKernels(host),
      ...rowKernels(host),
      ...miscKernels(host),
      ...softSortKernels(host),
    },
    identity: describeWasmBackend(kernels, host),
    selectionReason: explainVariantChoice({ kernels, threads, isAsked: variant !== undefined }),
    wasmBytes: () => heap.bytes,
    close: () => pool.close(),
  }
}

function createHeapAllocator(host: KernelHost): TensorAllocator<WasmArray> {
  return {
    put: (values, shape) => {
      const array = host.allocate(shape)
      host.view(array).set(values)
      return array
    },
    view: (array) => host.view(array),
    free: ({ pointer }) => host.heap.free(pointer),
    bytesHeld: ({ shape }) => countElements(shape) * 4,
  }
}

/** Threads do not enter: results are the same for any number of them. */
function describeWasmBackend({ digest, variant }: KernelModules, host: KernelHost): string {
  const rounding = variant === 'simd' ? 'unfused' : multiplyAddRounding(host)
  return `wasm ${digest}; ${variant} ${rounding}; split ${SPLIT_VERSION}; tfjs-core ${version_core}`
}

/** relaxed madd may round once or twice, as the machine likes: 1 + 2⁻²⁴ squared tells which. */
function multiplyAddRounding(host: KernelHost): 'fused' | 'unfused' {
  const x = host.allocate([4])
  const y = host.allocate([4])
  const nearOne = 1 + 2 ** -12
  host.view(x).fill(nearOne)
  host.runElements('affine', 4, [x.pointer, y.pointer, nearOne, -(1 + 2 ** -11)])
  const rest = host.view(y)[0]
  host.heap.free(x.pointer)
  host.heap.free(y.pointer)
  return rest === 0 ? 'unfused' : 'fused'
}

function explainVariantChoice(start: {
  kernels: KernelModules
  threads: number
  isAsked: boolean
}): string {
  const { kernels, threads, isAsked } = start
  const found =
    kernels.variant === 'relaxed'
      ? 'because this engine has relaxed SIMD'
      : 'because this engine has no relaxed SIMD'
  const reason = isAsked ? 'as asked' : found
  return `wasm: ${kernels.variant} kernels, ${reason}; ${threads} thread${threads === 1 ? '' : 's'}`
}
