import type { Preset } from './presets.ts'
import type { ResultSettings } from './result-settings.ts'
import type { Architecture } from './settings/model.ts'

type Given<T> = { readonly [Field in keyof T]?: T[Field] | undefined }
type Model = ResultSettings['model']

/** What somebody says of a training; `resolve` fills the rest. The spec of a run has this shape. */
export interface GivenSettings {
  readonly preset?: Preset | undefined
  readonly model?:
    | (Given<Omit<Model, 'head'>> & {
        readonly architecture?: Architecture | undefined
        readonly head?: Given<Model['head']> | undefined
      })
    | undefined
  readonly data: ResultSettings['data']
  readonly views?: Given<ResultSettings['views']> | undefined
  readonly references?: Given<ResultSettings['references']> | undefined
  readonly loss?: Given<ResultSettings['loss']> | undefined
  readonly optimizer?: Given<ResultSettings['optimizer']> | undefined
  readonly seed?: number | undefined
}
