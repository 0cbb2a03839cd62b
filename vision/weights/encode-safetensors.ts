import type { WeightTensor } from './weight-values.ts'

/**
 * The bytes of a safetensors file, one chunk for the header and one a tensor, so that a writer
 * never holds the file and the tensors at once. Tensors keep the order of the map; float32 values
 * are written as F32 and float64 values as F64. Equal input gives equal bytes.
 */
export function* encodeSafetensors(
  tensors: ReadonlyMap<string, WeightTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Generator<Uint8Array> {
  yield encodeHeader(tensors, metadata)
  for (const { values } of tensors.values()) {
    yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  }
}

function encodeHeader(
  tensors: ReadonlyMap<string, WeightTensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = {}
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata
  let begin = 0
  for (const [name, { shape, values }] of tensors) {
    const end = begin + values.byteLength
    const dtype = values instanceof Float64Array ? 'F64' : 'F32'
    header[name] = { dtype, shape, data_offsets: [begin, end] }
    begin = end
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  // Spaces after the JSON make the first tensor start at a multiple of 8 bytes, as readers that map
  // the file into memory need.
  const bytes = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true)
  bytes.set(json, 8)
  return bytes
}
