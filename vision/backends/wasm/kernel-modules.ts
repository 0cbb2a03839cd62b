import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Relaxed SIMD has multiply-add in one instruction; simd runs everywhere. */
export type Variant = 'simd' | 'relaxed'

export interface KernelModules {
  readonly variant: Variant
  /** First 12 hex digits of the digest of all modules. */
  readonly digest: string
  readonly modules: readonly WebAssembly.Module[]
}

/** Kernels by name: kernel(args, begin, end, scratch), see kernel-arguments.ts. */
export type KernelFunctions = ReadonlyMap<string, KernelFunction>
// biome-ignore lint/complexity/useMaxParams: the calling convention of the compiled kernels
type KernelFunction = (args: number, begin: number, end: number, scratch: number) => void

const MODULE_NAMES = ['tensor-kernels', 'soft-sort'] as const
const folder = join(import.meta.dirname, 'kernels/compiled')

/** The compiled kernels, in the fastest form that this engine accepts unless one is named. */
export function loadKernelModules(variant = chooseFastestVariant()): KernelModules {
  const bytes = readModules(variant)
  const hash = createHash('sha256')
  for (const each of bytes) hash.update(each)
  return {
    variant,
    digest: hash.digest('hex').slice(0, 12),
    modules: bytes.map((each) => new WebAssembly.Module(each)),
  }
}

function chooseFastestVariant(): Variant {
  const isValid = readModules('relaxed').every((bytes) => WebAssembly.validate(bytes))
  return isValid ? 'relaxed' : 'simd'
}

/** Instances on one memory; a thread makes its own. */
export function instantiateKernels(
  modules: readonly WebAssembly.Module[],
  memory: WebAssembly.Memory,
): KernelFunctions {
  const functions = new Map<string, KernelFunction>()
  for (const module of modules) {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } })
    for (const [name, value] of Object.entries(exports)) {
      if (typeof value === 'function') functions.set(name, value as KernelFunction)
    }
  }
  return functions
}

function readModules(variant: Variant): Buffer<ArrayBuffer>[] {
  return MODULE_NAMES.map((name) => readFileSync(join(folder, `${name}.${variant}.wasm`)))
}
