import type { StoredRun, StoredSweep } from '../../operator/ports/objects.ts'
import type { Study } from '../study.ts'

/** The object of a study: the sweep, or the single run. */
export const studyObject = (study: Study): StoredRun | StoredSweep =>
  study.kind === 'NeCoRun' ? study.run : study.sweep

/** `NeCoSweep study`. */
export const studyTitle = (study: Study): string =>
  `${study.kind} ${studyObject(study).metadata.name}`
