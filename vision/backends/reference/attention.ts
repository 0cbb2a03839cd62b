import type { KernelCall } from '../../ops/kernel-signatures.ts'
import { addTo, at, type ReferenceArray, zeros } from './reference-array.ts'

/** One head of one sample: q, k and v after rotation, each [N, d]. */
interface Head {
  readonly tokens: number
  readonly width: number
  readonly scale: number
  readonly q: Float64Array
  readonly k: Float64Array
  readonly v: Float64Array
}

interface Rotary {
  readonly width: number
  readonly cos: Float64Array
  readonly sin: Float64Array
}

interface QkvLayout {
  readonly batch: number
  readonly tokens: number
  readonly heads: number
  readonly width: number
}

export function attention({
  inputs: { qkv, cos, sin },
  attributes: { heads },
}: KernelCall<'NecoAttention', ReferenceArray>): ReferenceArray[] {
  const layout = parseQkvShape(qkv, heads)
  const { batch, tokens, width } = layout
  const rotary = toRotary(cos, sin)
  const output = zeros([batch, tokens, heads * width])
  const logSumExp = zeros([batch, heads, tokens])
  for (let index = 0; index < batch * heads; index++) {
    const head = readHead(qkv.values, layout, { index, rotary })
    for (let row = 0; row < tokens; row++) {
      const scores = computeAttentionScores(head, row)
      const total = computeLogSumExp(scores)
      logSumExp.values[index * tokens + row] = total
      const start = outputStart(layout, index, row)
      scores.forEach((score, column) => {
        const weight = Math.exp(score - total)
        for (let d = 0; d < width; d++) {
          addTo(output.values, start + d, weight * at(head.v, column * width + d))
        }
      })
    }
  }
  return [output, logSumExp]
}

export function attentionGradient({
  inputs,
  attributes: { heads },
}: KernelCall<'NecoAttentionGradient', ReferenceArray>): ReferenceArray[] {
  const layout = parseQkvShape(inputs.qkv, heads)
  const rotary = toRotary(inputs.cos, inputs.sin)
  const dqkv = zeros(inputs.qkv.shape)
  for (let index = 0; index < layout.batch * heads; index++) {
    const head = readHead(inputs.qkv.values, layout, { index, rotary })
    const gradient = headGradient(head, (row) => ({
      start: outputStart(layout, index, row),
      dy: inputs.dy.values,
      output: inputs.output.values,
      logSumExp: at(inputs.logSumExp.values, index * layout.tokens + row),
    }))
    const parts = [
      applyRotary(gradient.q, rotary, -1),
      applyRotary(gradient.k, rotary, -1),
      gradient.v,
    ]
    parts.forEach((part, readProjection) => {
      part.forEach((value, i) => {
        const token = Math.floor(i / layout.width)
        dqkv.values[
          inputStart(layout, { index, token, third: readProjection }) + (i % layout.width)
        ] = value
      })
    })
  }
  return [dqkv]
}

interface RowState {
  readonly start: number
  readonly dy: Float64Array
  readonly output: Float64Array
  readonly logSumExp: number
}

function headGradient(
  head: Head,
  rowState: (row: number) => RowState,
): { q: Float64Array; k: Float64Array; v: Float64Array } {
  const { tokens, width, scale } = head
  const gradient = {
    q: new Float64Array(tokens * width),
    k: new Float64Array(tokens * width),
    v: new Float64Array(tokens * width),
  }
  for (let row = 0; row < tokens; row++) {
    const { start, dy, output, logSumExp } = rowState(row)
    const dyRow = dy.subarray(start, start + width)
    const inner = dot(dyRow, output.subarray(start, start + width))
    computeAttentionScores(head, row).forEach((score, column) => {
      const weight = Math.exp(score - logSumExp)
      const from = column * width
      const slope = weight * (dot(dyRow, head.v.subarray(from, from + width)) - inner) * scale
      for (let d = 0; d < width; d++) {
        addTo(gradient.v, from + d, weight * at(dyRow, d))
        addTo(gradient.q, row * width + d, slope * at(head.k, from + d))
        addTo(gradient.k, from + d, slope * at(head.q, row * width + d))
      }
    })
  }
  return gradient
}

function parseQkvShape(qkv: ReferenceArray, heads: number): QkvLayout {
  const [batch = 1, tokens = 1, triple = 3] = qkv.shape
  return { batch, tokens, heads, width: triple / 3 / heads }
}

function toRotary(cos?: ReferenceArray, sin?: ReferenceArray): Rotary | undefined {
  return cos && sin ? { width: cos.shape.at(-1) ?? 1, cos: cos.values, sin: sin.values } : undefined
}

function inputStart(
  layout: QkvLayout,
  place: { index: number; token: number; third: number },
): number {
  const { tokens, heads, width } = layout
  const sample = Math.floor(place.index / heads)
  const row = (sample * tokens + place.token) * 3 + place.third
  return row * heads * width + (place.index % heads) * width
}

function outputStart({ tokens, heads, width }: QkvLayout, index: number, token: number): number {
  const sample = Math.floor(index / heads)
  return (sample * tokens + token) * heads * width + (index % heads) * width
}

function readHead(
  qkv: Float64Array,
  layout: QkvLayout,
  from: { index: number; rotary: Rotary | undefined },
): Head {
  const { tokens, width } = layout
  const readProjection = (which: number): Float64Array => {
    const part = new Float64Array(tokens * width)
    for (let token = 0; token < tokens; token++) {
      const start = inputStart(layout, { index: from.index, token, third: which })
      part.set(qkv.subarray(start, start + width), token * width)
    }
    return part
  }
  return {
    tokens,
    width,
    scale: 1 / Math.sqrt(width),
    q: applyRotary(readProjection(0), from.rotary, 1),
    k: applyRotary(readProjection(1), from.rotary, 1),
    v: readProjection(2),
  }
}

/** x·cos + rot(x)·sin with rot([a, b]) = [−b, a] on the halves; sign −1 is the adjoint. */
function applyRotary(x: Float64Array, rotary: Rotary | undefined, sign: 1 | -1): Float64Array {
  if (!rotary) return x
  const { width } = rotary
  const half = width / 2
  return x.map((value, i) => {
    const first = i % width < half
    const partner = first ? i + half : i - half
    const turned = (first ? -1 : 1) * at(x, partner)
    // The adjoint multiplies by sin before it turns back.
    const angle = sign === 1 ? at(rotary.sin, i) : -at(rotary.sin, partner)
    return value * at(rotary.cos, i) + turned * angle
  })
}

function computeAttentionScores({ tokens, width, scale, q, k }: Head, row: number): Float64Array {
  const query = q.subarray(row * width, (row + 1) * width)
  const scores = new Float64Array(tokens)
  for (let column = 0; column < tokens; column++) {
    scores[column] = dot(query, k.subarray(column * width, (column + 1) * width)) * scale
  }
  return scores
}

function computeLogSumExp(scores: Float64Array): number {
  const largest = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  return largest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - largest), 0))
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += at(a, i) * at(b, i)
  return sum
}
