import type { AttentionOptions } from '../ops/attention.ts'
import { toTensor } from '../ops/tensor-values.ts'
import { type BackboneSettings, countPrefixTokens } from './backbone-settings.ts'
import { rotaryTable } from './rotary-table.ts'

/** Cosine and sine of every token of a grid, [N, D ÷ heads]; undefined for forms without rotation. */
export function rotaryTensors(
  settings: BackboneSettings,
  grid: readonly [rows: number, columns: number],
): AttentionOptions['rotary'] {
  if (settings.family !== 'DinoV3') return undefined
  const headWidth = settings.dim / settings.heads
  const table = rotaryTable({ grid, headWidth, leadingTokens: countPrefixTokens(settings) })
  const shape = [table.tokens, headWidth]
  return { cos: toTensor(table.cos, shape), sin: toTensor(table.sin, shape) }
}
