import type { KernelTable } from '../ops/kernel-signatures.ts'
import type { TensorStore } from './tensor-store.ts'

/** What a backend brings; startBackend makes it known to tfjs-core. */
export interface BackendImplementation<Value> {
  readonly store: TensorStore<Value>
  readonly kernels: KernelTable<Value>
  readonly identity: string
  readonly selectionReason: string
  wasmBytes(): number
  close(): Promise<void>
}
