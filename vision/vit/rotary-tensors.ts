import type { AttentionOptions } from '../ops/attention.ts'
import { tensorOf } from '../ops/tensor-values.ts'
import { type BackboneSettings, leadingTokens } from './backbone-settings.ts'
import { rotaryTable } from './rotary-table.ts'

/** Cosine and sine of every token of a grid, [N, D ÷ heads]; undefined for forms without rotation. */
export function rotaryTensors(
  settings: BackboneSettings,
  grid: readonly [rows: number, columns: number],
): AttentionOptions['rotary'] {
  if (settings.form !== 'DinoV3') return undefined
  const headWidth = settings.dim / settings.heads
  const table = rotaryTable({ grid, headWidth, leadingTokens: leadingTokens(settings) })
  const shape = [table.tokens, headWidth]
  return { cos: tensorOf(table.cos, shape), sin: tensorOf(table.sin, shape) }
}
