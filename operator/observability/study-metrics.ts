import { setImmediate } from 'node:timers/promises'
import { Counter, type Registry } from 'prom-client'
import { SWEEP_KIND } from '../../crds/names.ts'
import type { NeCoRun } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { formatGaugeFamily, formatSample } from './exposition.ts'
import { listSweptPaths } from './hyperparameter-labels.ts'
import { STUDY_FAMILIES, STUDY_FAMILY_NAMES, type StudyFamily } from './study-families.ts'
import {
  buildRunSeries,
  buildSweepSeries,
  MAX_SERIES_PER_RUN,
  MAX_SERIES_PER_SWEEP,
  type Series,
} from './study-series.ts'

/** The objects of a moment, as the caches hold them. */
export interface Studies {
  readonly runs: readonly NeCoRun[]
  readonly sweeps: readonly NeCoSweep[]
}

/**
 * The series of runs and sweeps, written again for every scrape: what is gone is gone at once. They
 * are written as text here, since setting fifty thousand gauges would halt the process for a
 * second.
 */
export interface StudyMetrics {
  /**
   * The families in the text format; empty while another process leads, where the studies are
   * undefined.
   */
  text(studies: Studies | undefined): Promise<string>
}

interface MetricLine {
  readonly family: StudyFamily
  readonly text: string
}

interface ObjectLines {
  readonly lines: readonly MetricLine[]
  /** Beyond the cap of one object. */
  readonly dropped: number
}

/** Objects are turned into lines so many at a time; then whoever else waits has a turn. */
const OBJECTS_PER_TURN = 200

function toObjectLines(series: readonly Series[], maxLines: number): ObjectLines {
  const familyByText = new Map(
    series.slice(0, maxLines).map((one) => [formatSample(one), one.family]),
  )
  const lines = [...familyByText].map(([text, family]) => ({ family, text }))
  return { lines, dropped: series.length - lines.length }
}

/** Collects lines of whole objects as long as there is room for all of them. */
class ExpositionPage {
  readonly families: ReadonlyMap<StudyFamily, string[]> = new Map(
    STUDY_FAMILY_NAMES.map((name) => [name, []]),
  )
  readonly #maxLines: number
  #count = 0
  dropped = 0

  constructor(maxLines: number) {
    this.#maxLines = maxLines
  }

  add({ lines, dropped }: ObjectLines): void {
    this.dropped += dropped
    if (this.#count + lines.length > this.#maxLines) {
      this.dropped += lines.length
      return
    }
    this.#count += lines.length
    for (const { family, text } of lines) this.families.get(family)?.push(text)
  }

  get text(): string {
    const families = [...this.families]
    return families
      .map(([name, lines]) => formatGaugeFamily({ name, help: STUDY_FAMILIES[name].help, lines }))
      .join('')
  }
}

const formatSweepKey = (namespace: string | undefined, name: string): string =>
  `${namespace}/${name}`

/** The parameters that the sweep of a run varies, sweep by sweep. */
type SweptPathsBySweep = ReadonlyMap<string, readonly string[]>

const buildSweptPaths = (sweeps: readonly NeCoSweep[]): SweptPathsBySweep =>
  new Map(
    sweeps.map((sweep) => [
      formatSweepKey(sweep.metadata.namespace, sweep.metadata.name),
      listSweptPaths(sweep),
    ]),
  )

function buildRunLines(run: NeCoRun, swept: SweptPathsBySweep): ObjectLines {
  const { namespace, ownerReferences = [] } = run.metadata
  const owner = ownerReferences.find(({ kind }) => kind === SWEEP_KIND)
  const paths = owner === undefined ? [] : (swept.get(formatSweepKey(namespace, owner.name)) ?? [])
  return toObjectLines(buildRunSeries(run, paths), MAX_SERIES_PER_RUN)
}

/**
 * At most `maxSeries` series: sweeps first, then run by run, each with all of its own or none. What
 * is left out is counted in the registry.
 */
export function createStudyMetrics(registry: Registry, maxSeries: number): StudyMetrics {
  const droppedTotal = new Counter({
    name: 'neco_series_dropped_total',
    help: 'Series of runs and sweeps left out of scrapes because of a cap, added up over all scrapes.',
    registers: [registry],
  })
  /** By the object itself: the caches hold another one as soon as anything of it changes. */
  const linesByRun = new WeakMap<NeCoRun, ObjectLines>()
  const getRunLines = (run: NeCoRun, swept: SweptPathsBySweep): ObjectLines => {
    const cached = linesByRun.get(run) ?? buildRunLines(run, swept)
    linesByRun.set(run, cached)
    return cached
  }
  return {
    async text(studies) {
      if (studies === undefined) return ''
      const exposition = new ExpositionPage(maxSeries)
      const swept = buildSweptPaths(studies.sweeps)
      for (const sweep of studies.sweeps) {
        exposition.add(toObjectLines(buildSweepSeries(sweep), MAX_SERIES_PER_SWEEP))
      }
      for (const [i, run] of studies.runs.entries()) {
        if (i % OBJECTS_PER_TURN === OBJECTS_PER_TURN - 1) await setImmediate()
        exposition.add(getRunLines(run, swept))
      }
      droppedTotal.inc(exposition.dropped)
      return exposition.text
    },
  }
}
