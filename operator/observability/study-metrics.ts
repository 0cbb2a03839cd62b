import { Counter, Gauge, type Registry } from 'prom-client'
import { SWEEP_KIND } from '../../crds/names.ts'
import type { NeCoRun } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { sweptPaths } from './hyperparameter-labels.ts'
import { STUDY_FAMILIES, STUDY_FAMILY_NAMES, type StudyFamily } from './study-families.ts'
import {
  MOST_SERIES_OF_RUN,
  MOST_SERIES_OF_SWEEP,
  type Series,
  seriesOfRun,
  seriesOfSweep,
} from './study-series.ts'

/** The objects of a moment, as the caches hold them. */
export interface Studies {
  readonly runs: readonly NeCoRun[]
  readonly sweeps: readonly NeCoSweep[]
}

export interface Exported {
  readonly series: readonly Series[]
  /** How many were left out: those beyond the cap of an object, and those beyond the cap of all. */
  readonly dropped: number
}

const sweepKey = (namespace: string | undefined, name: string): string => `${namespace}/${name}`

/** The series of all objects, capped: sweeps first, then run by run, a run with all of its own or none. */
export function exportStudies({ runs, sweeps }: Studies, maxSeries: number): Exported {
  const kept: Series[] = []
  let dropped = 0
  const take = (series: readonly Series[], most: number): void => {
    const own = series.slice(0, most)
    const fits = kept.length + own.length <= maxSeries
    if (fits) kept.push(...own)
    dropped += series.length - (fits ? own.length : 0)
  }
  const swept = new Map<string, readonly string[]>()
  for (const sweep of sweeps) {
    swept.set(sweepKey(sweep.metadata.namespace, sweep.metadata.name), sweptPaths(sweep))
    take(seriesOfSweep(sweep), MOST_SERIES_OF_SWEEP)
  }
  for (const run of runs) {
    const { namespace, ownerReferences = [] } = run.metadata
    const owner = ownerReferences.find(({ kind }) => kind === SWEEP_KIND)
    const paths = owner === undefined ? [] : (swept.get(sweepKey(namespace, owner.name)) ?? [])
    take(seriesOfRun(run, paths), MOST_SERIES_OF_RUN)
  }
  return { series: kept, dropped }
}

/** The series of runs and sweeps, made anew before every scrape: what is gone is gone at once. */
export interface StudyMetrics {
  /** Takes the objects as they are now; undefined while another process leads. */
  refresh(studies: Studies | undefined): void
}

/** Adds the families of runs and sweeps to a registry. */
export function studyMetrics(registry: Registry, maxSeries: number): StudyMetrics {
  const gaugeOf = (name: StudyFamily): [StudyFamily, Gauge] => {
    const { help, labels } = STUDY_FAMILIES[name]
    return [name, new Gauge({ name, help, labelNames: [...labels], registers: [registry] })]
  }
  const gauges = new Map(STUDY_FAMILY_NAMES.map(gaugeOf))
  const droppedTotal = new Counter({
    name: 'neco_series_dropped_total',
    help: 'Series of runs and sweeps left out of scrapes because of a cap, added up over all scrapes.',
    registers: [registry],
  })
  return {
    refresh(studies) {
      for (const gauge of gauges.values()) gauge.reset()
      if (studies === undefined) return
      const { series, dropped } = exportStudies(studies, maxSeries)
      for (const { family, labels, value } of series) gauges.get(family)?.set({ ...labels }, value)
      droppedTotal.inc(dropped)
    },
  }
}
