import { createHash, type Hash } from 'node:crypto'
import type { FileLocation, FileStream } from '../../std/files/file-source.ts'
import { parseSafetensorsHeader, type SafetensorsHeader } from './safetensors-header.ts'
import { decodeValues, type WeightTensor } from './weight-values.ts'
import { WeightsError } from './weights-error.ts'

/** A header larger than this is no header of weights; the format's own limit. */
const MAX_HEADER_BYTES = 100_000_000
const REMEDY = 'the file is damaged or was changed: fetch or write it again'

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, WeightTensor>
  readonly metadata: Readonly<Record<string, string>>
  /** Hex digest of every byte of the file. */
  readonly sha256: string
}

export interface ReadOptions {
  /** Other tensors are hashed but not returned. All are returned when it is left out. */
  readonly isWanted?: (name: string) => boolean
}

/**
 * Reads a safetensors file: the header, then one tensor after the other in the order of the bytes,
 * with the digest of the whole file taken on the way. Throws WeightsError.
 */
export async function readSafetensors(
  { files, path }: FileLocation,
  { isWanted = () => true }: ReadOptions = {},
): Promise<SafetensorsFile> {
  const file = files.describe(path)
  const stream = await files.openStream(path).catch((cause: unknown) => {
    const problem = 'it cannot be opened'
    const remedy = 'check the path and the permissions'
    throw new WeightsError({ code: 'WeightsUnreadable', file, problem, remedy }, { cause })
  })
  try {
    const reader = createReader(stream, file)
    const header = await readHeader(reader)
    const tensors = await readTensors(reader, header, isWanted)
    return { tensors, metadata: header.metadata, sha256: reader.hash.digest('hex') }
  } finally {
    await stream.close()
  }
}

/** Where reading has got in a stream of chunks. */
interface Reader {
  readonly sizeBytes: number
  readonly chunks: AsyncIterator<Uint8Array>
  readonly file: string
  readonly hash: Hash
  /** What is left of the newest chunk. */
  rest: Uint8Array
}

const createReader = ({ sizeBytes, chunks }: FileStream, file: string): Reader => ({
  sizeBytes,
  chunks: chunks[Symbol.asyncIterator](),
  file,
  hash: createHash('sha256'),
  rest: new Uint8Array(0),
})

async function readHeader(reader: Reader): Promise<SafetensorsHeader> {
  const { sizeBytes: size } = reader
  const prefix = await readBytes(reader, 8, 'the length of its header')
  const lengthBytes = Number(new DataView(prefix.buffer).getBigUint64(0, true))
  if (lengthBytes > Math.min(size - 8, MAX_HEADER_BYTES)) {
    throw new WeightsError({
      code: 'WeightsTruncated',
      file: reader.file,
      problem: `its header says it is ${lengthBytes} bytes long but the file has ${size}`,
      remedy: 'it is no safetensors file or incomplete: fetch or write it again',
    })
  }
  const json = decodeUtf8(await readBytes(reader, lengthBytes, 'its header'), reader.file)
  return parseSafetensorsHeader(json, { name: reader.file, dataBytes: size - 8 - lengthBytes })
}

/** Bytes that are no UTF-8 would become replacement characters in silence. */
function decodeUtf8(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    const problem = 'its header is not UTF-8 text'
    throw new WeightsError(
      { code: 'WeightsHeaderInvalid', file, problem, remedy: REMEDY },
      { cause },
    )
  }
}

async function readTensors(
  reader: Reader,
  header: SafetensorsHeader,
  isWanted: (name: string) => boolean,
): Promise<ReadonlyMap<string, WeightTensor>> {
  const tensors = new Map<string, WeightTensor>()
  for (const { name, type, shape, begin, end } of header.entries) {
    const bytes = await readBytes(reader, end - begin, `tensor ${name}`)
    if (!isWanted(name)) continue
    const values = decodeValues(type, bytes)
    if (values === undefined) {
      const problem = `type ${type} is not read as weights`
      const remedy = 'write it as F64, F32, F16 or BF16'
      const file = reader.file
      throw new WeightsError({
        code: 'WeightsTypeUnsupported',
        file,
        tensor: name,
        problem,
        remedy,
      })
    }
    tensors.set(name, { shape, values })
  }
  return tensors
}

/** The next bytes of the file, which may end before the length in its header. */
async function readBytes(
  reader: Reader,
  lengthBytes: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(lengthBytes)
  let filled = 0
  while (filled < lengthBytes) {
    if (reader.rest.length === 0 && !(await readChunk(reader))) {
      const problem = `it ends inside ${what}: ${filled} of ${lengthBytes} bytes are there`
      const file = reader.file
      throw new WeightsError({ code: 'WeightsTruncated', file, problem, remedy: REMEDY })
    }
    const part = reader.rest.subarray(0, lengthBytes - filled)
    bytes.set(part, filled)
    reader.rest = reader.rest.subarray(part.length)
    filled += part.length
  }
  reader.hash.update(bytes)
  return bytes
}

/** Whether there was a chunk left. */
async function readChunk(reader: Reader): Promise<boolean> {
  const next = await reader.chunks.next()
  if (next.done === true) return false
  reader.rest = next.value
  return true
}
