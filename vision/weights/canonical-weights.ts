import type { BackboneSettings } from '../vit/backbone-settings.ts'
import { parameterShapes } from '../vit/parameter-shapes.ts'
import { type Destination, findDestinations } from './canonical-name.ts'
import type { WeightTensor } from './weight-values.ts'
import { WeightsError } from './weights-error.ts'

type Tensors = ReadonlyMap<string, WeightTensor>

interface TensorPiece extends Destination {
  readonly sourceName: string
  readonly source: WeightTensor
}

/**
 * The tensors of a file under the names and in the order of `parameterShapes`, whichever program
 * wrote it: prefix stripped, heads and mask token dropped, q, k and v joined, registers dropped
 * when the model has none. Throws WeightsError when the file holds another model, or a value that
 * is no finite number.
 */
export function toCanonicalWeights(
  tensors: Tensors,
  model: { readonly settings: BackboneSettings; readonly file: string },
): Tensors {
  const pieces = piecesByName(stripPrefix(tensors, model.file), model.settings)
  const shapes = parameterShapes(model.settings)
  const canonical = new Map<string, WeightTensor>()
  for (const [name, shape] of shapes) {
    const values = assemble(pieces.get(name) ?? [], { ...model, name, shape })
    throwIfNotFinite(values, { file: model.file, tensor: name })
    canonical.set(name, { shape, values })
  }
  for (const [name, [piece]] of pieces) {
    if (shapes.has(name) || piece === undefined) continue
    const tensor = piece.sourceName
    const problem = `shape [${piece.source.shape}] in the file, but the model has no such tensor`
    throw anotherModel({ file: model.file, tensor, problem })
  }
  return canonical
}

function throwIfNotFinite(
  values: Float32Array | Float64Array,
  place: { readonly file: string; readonly tensor: string },
): void {
  const at = values.findIndex((value) => !Number.isFinite(value))
  if (at < 0) return
  const problem = `its value ${at} is ${values[at]}`
  const remedy = 'the file is damaged or its training diverged: choose other weights'
  throw new WeightsError({ code: 'WeightsNotFinite', ...place, problem, remedy })
}

/**
 * NeCo's rule: what stands before cls_token is the prefix of the backbone; names with "head" are
 * not part of it. A training checkpoint holds student and teacher: the student, named model, is
 * meant.
 */
function stripPrefix(tensors: Tensors, file: string): Tensors {
  const prefixes = [...tensors.keys()]
    .filter((name) => name.endsWith('cls_token'))
    .map((name) => name.replace(/(?:embeddings\.)?cls_token$/, ''))
  const prefix = prefixes.length > 1 ? prefixes.find((name) => name === 'model.') : prefixes[0]
  if (prefix === undefined) throw noSingleModel(prefixes, file)
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix) && !name.includes('head'))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  )
}

function noSingleModel(prefixes: readonly string[], file: string): WeightsError {
  if (prefixes.length === 0) {
    const problem = 'it is not in the file, so this is no Vision Transformer we know'
    return anotherModel({ file, tensor: 'cls_token', problem })
  }
  const names = prefixes.map((prefix) => prefix || '(none)').join(', ')
  return new WeightsError({
    code: 'WeightsSeveralModels',
    file,
    problem: `it holds several models, with the prefixes ${names}`,
    remedy: 'write the one you want into a file of its own',
  })
}

function piecesByName(
  tensors: Tensors,
  settings: BackboneSettings,
): ReadonlyMap<string, readonly TensorPiece[]> {
  const pieces = [...tensors].flatMap(([sourceName, source]) =>
    findDestinations(sourceName, settings).map((place) => ({ ...place, sourceName, source })),
  )
  return Map.groupBy(pieces, ({ name }) => name)
}

interface ExpectedTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly settings: BackboneSettings
  readonly file: string
}

function assemble(
  pieces: readonly TensorPiece[],
  expectedTensor: ExpectedTensor,
): Float32Array | Float64Array {
  const { name, shape, settings } = expectedTensor
  const size = shape.reduce((product, side) => product * side, 1)
  const isDouble = pieces.some(({ source }) => source.values instanceof Float64Array)
  const values = isDouble ? new Float64Array(size) : new Float32Array(size)
  const hasNoKeyBias = settings.family === 'DinoV3' && name.endsWith('.attn.qkv.bias')
  const parts = pieces[0]?.to.of ?? 1
  for (let index = 0; index < parts; index++) {
    const piece = pieces.find(({ to }) => to.index === index)
    if (piece !== undefined) values.set(slicedValues(piece, expectedTensor), (size / parts) * index)
    else if (!hasNoKeyBias || pieces.length === 0) throw missing(expectedTensor)
  }
  // Official DINOv3 files store a key bias and mask it; whatever stands there must not be used.
  return hasNoKeyBias ? values.fill(0, size / 3, (size / 3) * 2) : values
}

function slicedValues(
  piece: TensorPiece,
  expectedTensor: ExpectedTensor,
): Float32Array | Float64Array {
  const { source, from, to, sourceName } = piece
  const [rows = 0, ...inner] = expectedTensor.shape
  const expected = [(rows / to.of) * from.of, ...inner]
  if (String(source.shape) !== String(expected)) {
    const problem = `shape [${source.shape}] in the file, [${expected}] in the model`
    throw anotherModel({ file: expectedTensor.file, tensor: sourceName, problem })
  }
  const size = source.values.length / from.of
  return source.values.subarray(size * from.index, size * (from.index + 1))
}

function missing({ file, name, shape }: ExpectedTensor): WeightsError {
  const problem = `it is not in the file, the model wants it with shape [${shape}]`
  return anotherModel({ file, tensor: name, problem })
}

function anotherModel(fault: {
  readonly file: string
  readonly tensor: string
  readonly problem: string
}): WeightsError {
  const remedy = 'these are weights of another model: make spec.model fit them or choose others'
  return new WeightsError({ code: 'WeightsOfAnotherModel', ...fault, remedy })
}
