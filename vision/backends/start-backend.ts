import { memory, ready, setBackend } from '@tensorflow/tfjs-core'
import type { BackendParts } from './backend-parts.ts'
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
  readonly why: string
  memory(): BackendMemory
  close(): Promise<void>
}

export interface BackendChoice {
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
}: BackendChoice): Promise<Backend> {
  if (backend === 'reference') return use('reference', startReference())
  return use('wasm', await startWasm(threads, variant))
}

async function use<Value extends { readonly shape: readonly number[] }>(
  name: Backend['name'],
  parts: BackendParts<Value>,
): Promise<Backend> {
  const tfjsName = `neco-${name}`
  registerKernels(tfjsName, parts.store, parts.kernels)
  await setBackend(tfjsName)
  await ready()
  return {
    name,
    identity: parts.identity,
    why: parts.why,
    memory: () => ({
      tensors: memory().numTensors,
      bytes: parts.store.bytes,
      wasmBytes: parts.wasmBytes(),
    }),
    close: async () => {
      unregisterKernels(tfjsName, Object.keys(parts.kernels))
      await parts.close()
    },
  }
}
