import * as z from 'zod'
import { WeightsError, type WeightsErrorCode } from './weights-error.ts'

/** Bytes of one value of each type that a safetensors file may hold. */
const BYTES_PER_DTYPE: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  U64: 8,
  I32: 4,
  U32: 4,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
}

const size = z.int().min(0)
const Header = z.record(
  z.string(),
  z.union([
    z.strictObject({
      dtype: z.string(),
      shape: z.array(size),
      data_offsets: z.tuple([size, size]),
    }),
    z.record(z.string(), z.string()),
  ]),
)

/** One tensor of a file: where its bytes lie, counted from the first byte after the header. */
export interface TensorEntry {
  readonly name: string
  readonly type: string
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

export interface SafetensorsHeader {
  readonly entries: readonly TensorEntry[]
  readonly metadata: Readonly<Record<string, string>>
}

const REMEDY = 'the file is damaged or was changed: fetch or write it again'

/**
 * Reads the JSON header of a safetensors file and checks it against the number of data bytes that
 * follow it. The entries come back in the order of their bytes, which they fill without gap or
 * overlap. Throws WeightsError.
 */
export function parseSafetensorsHeader(
  json: string,
  file: { readonly name: string; readonly dataBytes: number },
): SafetensorsHeader {
  const { __metadata__: metadata, ...rest } = parseJson(json, file.name)
  const entries = Object.entries(rest)
    .map(([name, entry]) => toEntry(name, entry, file.name))
    .sort((a, b) => a.begin - b.begin || a.end - b.end)
  checkOffsets(entries, file)
  return { entries, metadata: toMetadata(metadata, file.name) }
}

function parseJson(json: string, file: string): z.infer<typeof Header> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    const problem = 'its header is not JSON, so this is no safetensors file'
    throw new WeightsError(
      { code: 'WeightsHeaderInvalid', file, problem, remedy: REMEDY },
      { cause },
    )
  }
  const parsed = Header.safeParse(value)
  if (!parsed.success) {
    const tensor = String(parsed.error.issues[0]?.path[0] ?? 'header')
    const problem = 'its entry in the header is not {dtype, shape, data_offsets}'
    throw new WeightsError({ code: 'WeightsHeaderInvalid', file, tensor, problem, remedy: REMEDY })
  }
  const duplicateKey = duplicateJsonKey(json)
  if (duplicateKey === undefined) return parsed.data
  const problem = 'it stands twice in the header'
  throw new WeightsError({
    code: 'WeightsTensorTwice',
    file,
    tensor: duplicateKey,
    problem,
    remedy: REMEDY,
  })
}

function toMetadata(metadata: unknown, file: string): Readonly<Record<string, string>> {
  const parsed = z.record(z.string(), z.string()).safeParse(metadata ?? {})
  if (parsed.success) return parsed.data
  const problem = 'its __metadata__ is not a map of strings'
  throw new WeightsError({ code: 'WeightsHeaderInvalid', file, problem, remedy: REMEDY })
}

function toEntry(name: string, entry: z.infer<typeof Header>[string], file: string): TensorEntry {
  const fail = (code: WeightsErrorCode, problem: string): never => {
    throw new WeightsError({ code, file, tensor: name, problem, remedy: REMEDY })
  }
  if (!Array.isArray(entry['shape'])) return fail('WeightsHeaderInvalid', 'it has no shape')
  const { dtype, shape, data_offsets } = entry as {
    dtype: string
    shape: number[]
    data_offsets: [number, number]
  }
  const bytesPerValue = BYTES_PER_DTYPE[dtype]
  if (bytesPerValue === undefined) return fail('WeightsTypeUnsupported', `unknown type ${dtype}`)
  const [begin, end] = data_offsets
  const expected = shape.reduce((product, side) => product * side, bytesPerValue)
  if (end - begin === expected) return { name, type: dtype, shape, begin, end }
  return fail(
    'WeightsTensorSizeWrong',
    `${dtype} of shape [${shape}] takes ${expected} bytes but data_offsets [${begin}, ${end}] give it ${end - begin}`,
  )
}

function checkOffsets(
  entries: readonly TensorEntry[],
  file: { readonly name: string; readonly dataBytes: number },
): void {
  let filled = 0
  for (const entry of entries) {
    if (entry.begin !== filled) {
      const kind = entry.begin < filled ? 'overlap the tensor before it' : 'leave a gap before it'
      const problem = `its data_offsets [${entry.begin}, ${entry.end}] ${kind}`
      fault('WeightsOffsetsInvalid', problem, entry.name)
    }
    if (entry.end > file.dataBytes) {
      const problem = `its bytes end at ${entry.end} but only ${file.dataBytes} data bytes are there`
      fault('WeightsTruncated', problem, entry.name)
    }
    filled = entry.end
  }
  if (filled === file.dataBytes) return
  fault('WeightsOffsetsInvalid', `${file.dataBytes - filled} bytes at its end belong to no tensor`)

  function fault(code: WeightsErrorCode, problem: string, tensor?: string): never {
    const named = tensor === undefined ? {} : { tensor }
    throw new WeightsError({ code, file: file.name, ...named, problem, remedy: REMEDY })
  }
}

/**
 * The first key that stands twice in one object of a JSON text, or undefined. JSON.parse keeps the
 * last of the two without a word, which would let a tampered header say two things of one tensor.
 * The text must be valid JSON.
 */
function duplicateJsonKey(text: string): string | undefined {
  const open: Set<string>[] = []
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g
  for (const match of text.matchAll(token)) {
    if (match[0] === '{') open.push(new Set())
    else if (match[0] === '}') open.pop()
    else if (match[1] !== undefined) {
      const key = String(JSON.parse(match[0].slice(0, match[0].lastIndexOf('"') + 1)))
      const seen = open.at(-1)
      if (seen?.has(key)) return key
      seen?.add(key)
    }
  }
  return undefined
}
