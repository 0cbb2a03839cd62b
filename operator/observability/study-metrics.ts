import { setImmediate } from 'node:timers/promises'
import { Counter, type Registry } from 'prom-client'
import { SWEEP_KIND } from '../../crds/names.ts'
import type { NeCoRun } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { gaugeText, sampleLine } from './exposition.ts'
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

/**
 * The series of runs and sweeps, made anew for every scrape: what is gone is gone at once. They are written as text here,
 * since setting fifty thousand gauges would halt the process for a second.
 */
export interface StudyMetrics {
  /** The families in the text format; empty while another process leads, where the studies are undefined. */
  text(studies: Studies | undefined): Promise<string>
}

interface Line {
  readonly family: StudyFamily
  readonly text: string
}

interface ObjectLines {
  readonly lines: readonly Line[]
  /** Beyond the cap of one object. */
  readonly dropped: number
}

/** Objects are turned into lines so many at a time; then whoever else waits has a turn. */
const OBJECTS_AT_ONCE = 200

function linesOf(series: readonly Series[], most: number): ObjectLines {
  const kept = new Map(series.slice(0, most).map((one) => [sampleLine(one), one.family]))
  const lines = [...kept].map(([text, family]) => ({ family, text }))
  return { lines, dropped: series.length - lines.length }
}

/** Collects lines of whole objects as long as there is room for all of them. */
class Page {
  readonly families: ReadonlyMap<StudyFamily, string[]> = new Map(
    STUDY_FAMILY_NAMES.map((name) => [name, []]),
  )
  readonly #most: number
  #count = 0
  dropped = 0

  constructor(most: number) {
    this.#most = most
  }

  add({ lines, dropped }: ObjectLines): void {
    this.dropped += dropped
    if (this.#count + lines.length > this.#most) {
      this.dropped += lines.length
      return
    }
    this.#count += lines.length
    for (const { family, text } of lines) this.families.get(family)?.push(text)
  }

  get text(): string {
    const families = [...this.families]
    return families
      .map(([name, lines]) => gaugeText({ name, help: STUDY_FAMILIES[name].help, lines }))
      .join('')
  }
}

const sweepKey = (namespace: string | undefined, name: string): string => `${namespace}/${name}`

/** The parameters that the sweep of a run varies, sweep by sweep. */
type Swept = ReadonlyMap<string, readonly string[]>

const sweptOf = (sweeps: readonly NeCoSweep[]): Swept =>
  new Map(
    sweeps.map((sweep) => [
      sweepKey(sweep.metadata.namespace, sweep.metadata.name),
      sweptPaths(sweep),
    ]),
  )

function runLines(run: NeCoRun, swept: Swept): ObjectLines {
  const { namespace, ownerReferences = [] } = run.metadata
  const owner = ownerReferences.find(({ kind }) => kind === SWEEP_KIND)
  const paths = owner === undefined ? [] : (swept.get(sweepKey(namespace, owner.name)) ?? [])
  return linesOf(seriesOfRun(run, paths), MOST_SERIES_OF_RUN)
}

/** At most `maxSeries` series: sweeps first, then run by run, each with all of its own or none. What is left out is counted in the registry. */
export function studyMetrics(registry: Registry, maxSeries: number): StudyMetrics {
  const droppedTotal = new Counter({
    name: 'neco_series_dropped_total',
    help: 'Series of runs and sweeps left out of scrapes because of a cap, added up over all scrapes.',
    registers: [registry],
  })
  /** By the object itself: the caches hold another one as soon as anything of it changes. */
  const known = new WeakMap<NeCoRun, ObjectLines>()
  const linesOfRun = (run: NeCoRun, swept: Swept): ObjectLines => {
    const held = known.get(run) ?? runLines(run, swept)
    known.set(run, held)
    return held
  }
  return {
    async text(studies) {
      if (studies === undefined) return ''
      const page = new Page(maxSeries)
      const swept = sweptOf(studies.sweeps)
      for (const sweep of studies.sweeps) {
        page.add(linesOf(seriesOfSweep(sweep), MOST_SERIES_OF_SWEEP))
      }
      for (const [i, run] of studies.runs.entries()) {
        if (i % OBJECTS_AT_ONCE === OBJECTS_AT_ONCE - 1) await setImmediate()
        page.add(linesOfRun(run, swept))
      }
      droppedTotal.inc(page.dropped)
      return page.text
    },
  }
}
