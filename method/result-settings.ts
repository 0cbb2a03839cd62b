import * as z from 'zod'
import { DatasetSettings } from './settings/data.ts'
import { LossSettings } from './settings/loss.ts'
import { ModelSettings } from './settings/model.ts'
import { OptimizerSettings } from './settings/optimizer.ts'
import { ReferencesSettings } from './settings/references.ts'
import { ViewsSettings } from './settings/views.ts'

/** Raised whenever the same settings begin to give other numbers; it is part of every run key. */
export const NUMERICS_VERSION = 1

/**
 * Everything that determines the numbers of a training, with nothing left open; its digest is the
 * largest part of the run key. A field that is absent does not apply, or sets no limit.
 */
export const ResultSettings = z.strictObject({
  numericsVersion: z.int32(),
  model: ModelSettings,
  data: DatasetSettings,
  views: ViewsSettings,
  references: ReferencesSettings,
  loss: LossSettings,
  optimizer: OptimizerSettings,
  seed: z.int32().min(0),
})
export type ResultSettings = z.infer<typeof ResultSettings>
