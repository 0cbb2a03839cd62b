import { memory, ready, setBackend } from '@tensorflow/tfjs-core'
import type { BackendImplementation } from './backend-parts.ts'
import { startReference } from './reference/start-reference.ts'
import { registerKernels, unregisterKernels } from './register-kernels.ts'
import type { Variant } from './wasm/kernel-modules.ts'
import { startWasm } from './wasm/start-wasm.ts'

export interface BackendMemory {
  readonly tensors: number
  /** Bytes of all live tensors. */
  readonly bytes: number
  /** Length of the WebAssembly memory; 0 for the reference backend. */
  readonly wasmBytes: number
}

export interface Backend {
  readonly name: 'wasm' | 'reference'
  /** Results are bit for bit the same on backends of equal identity. */
  readonly identity: string
  /** One line for the log: which backend, and why. */
  readonly selectionReason: string
  memory(): BackendMemory
  close(): Promise<void>
}

export interface BackendOptions {
  readonly backend: 'wasm' | 'reference'
  /** Threads of the wasm backend, this one included; 1 starts no worker. */
  readonly threads?: number
  /** Form of the wasm kernels; the fastest that this engine takes if not given. */
  readonly variant?: Variant
}

/**
 * Starts a backend and makes it the current one of tfjs-core. One backend of
 * each name at a time: close it before it is started again.
 */
export async function startBackend({
  backend,
  threads = 1,
  variant,
}: BackendOptions): Promise<Backend> {
  if (backend === 'reference') return activateBackend('reference', startReference())
  return activateBackend('wasm', await startWasm(threads, variant))
}

async function activateBackend<Value extends { readonly shape: readonly number[] }>(
  name: Backend['name'],
  implementation: BackendImplementation<Value>,
): Promise<Backend> {
  const tfjsName = `neco-${name}`
  registerKernels(tfjsName, implementation.store, implementation.kernels)
  await setBackend(tfjsName)
  await ready()
  return {
    name,
    identity: implementation.identity,
    selectionReason: implementation.selectionReason,
    memory: () => ({
      tensors: memory().numTensors,
      bytes: implementation.store.bytes,
      wasmBytes: implementation.wasmBytes(),
    }),
    close: async () => {
      unregisterKernels(tfjsName, Object.keys(implementation.kernels))
      await implementation.close()
    },
  }
}
