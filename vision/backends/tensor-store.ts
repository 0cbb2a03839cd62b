import { type BackendValues, type DataType, KernelBackend } from '@tensorflow/tfjs-core'

type TypedValues = Float32Array | Float64Array

/** Where a backend keeps the elements of its tensors. */
export interface TensorAllocator<Value> {
  /** Copies values into a new array. */
  put(values: ArrayLike<number>, shape: readonly number[]): Value
  /** The elements, not copied. */
  view(value: Value): TypedValues
  free(value: Value): void
  bytesHeld(value: Value): number
}

interface Entry<Value> {
  readonly value: Value
  references: number
}

/**
 * The data storage that tfjs-core asks of a backend, over any Storage: it
 * counts references, because tensors, variables and the tape share arrays.
 */
export class TensorStore<Value> extends KernelBackend {
  readonly #storage: TensorAllocator<Value>
  readonly #entries = new Map<object, Entry<Value>>()
  #bytes = 0

  constructor(allocator: TensorAllocator<Value>) {
    super()
    this.#storage = allocator
  }

  /** Takes an array that a kernel has made. */
  adopt(value: Value): object {
    const dataId = {}
    this.#entries.set(dataId, { value, references: 1 })
    this.#bytes += this.#storage.bytesHeld(value)
    return dataId
  }

  findValue(dataId: object): Value {
    const entry = this.#entries.get(dataId)
    if (!entry) throw new Error('a tensor was used after it had been disposed')
    return entry.value
  }

  override write(values: BackendValues, shape: number[], _dtype: DataType): object {
    return this.adopt(this.#storage.put(values as ArrayLike<number>, shape))
  }

  override move(): void {
    throw new Error('tensors cannot move between backends: read their values and write them')
  }

  override readSync(dataId: object): BackendValues {
    // tfjs names no float64 array among its value types; only valuesOf reads these.
    return this.#storage.view(this.findValue(dataId)) as Float32Array
  }

  override read(dataId: object): Promise<BackendValues> {
    return Promise.resolve(this.readSync(dataId))
  }

  override refCount(dataId: object): number {
    return this.#entries.get(dataId)?.references ?? 0
  }

  override incRef(dataId: object): void {
    const entry = this.#entries.get(dataId)
    if (entry) entry.references++
  }

  override disposeData(dataId: object, force = false): boolean {
    const entry = this.#entries.get(dataId)
    if (!entry) return true
    entry.references--
    if (!force && entry.references > 0) return false
    this.#entries.delete(dataId)
    this.#bytes -= this.#storage.bytesHeld(entry.value)
    this.#storage.free(entry.value)
    return true
  }

  override numDataIds(): number {
    return this.#entries.size
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false }
  }

  override floatPrecision(): 16 | 32 {
    return 32
  }

  override epsilon(): number {
    return 1e-7
  }

  override timerAvailable(): boolean {
    return false
  }

  override dispose(): void {
    for (const entry of this.#entries.values()) this.#storage.free(entry.value)
    this.#entries.clear()
    this.#bytes = 0
  }

  /** Bytes of all live arrays. */
  get bytes(): number {
    return this.#bytes
  }
}
