import { PanelBuilder as BarsBuilder } from '@grafana/grafana-foundation-sdk/bargauge'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  BarGaugeDisplayMode,
  LegendDisplayMode,
  LegendPlacement,
  StackingConfigBuilder,
  StackingMode,
  VizLegendOptionsBuilder,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { DASHBOARD_ROWS, type PanelSpec } from './panels.ts'

/** Links to the dashboard hold this: it never changes. */
export const DASHBOARD_UID = 'neco-studies'
/** The newest layout that every Grafana since 11 reads. */
const SCHEMA_VERSION = 41
const DATASOURCE = { type: 'prometheus', uid: '$datasource' }
const ALL_OPTION = { text: 'All', value: '$__all', selected: true }

const WIDTH = 24
const PANELS_PER_ROW = 4
const HEIGHT = 8

const buildQueries = ({ kind, queries }: PanelSpec): DataqueryBuilder[] =>
  queries.map(({ expr, legend }, index) => {
    const query = new DataqueryBuilder()
      .refId(String.fromCharCode('A'.charCodeAt(0) + index))
      .expr(expr)
      .legendFormat(legend)
      .datasource(DATASOURCE)
    return kind === 'Bars' ? query.instant() : query.range()
  })

const buildTimeSeriesPanel = (panel: PanelSpec): LinesBuilder =>
  new LinesBuilder()
    .fillOpacity(panel.kind === 'Stack' ? 60 : 0)
    .stacking(
      new StackingConfigBuilder().mode(
        panel.kind === 'Stack' ? StackingMode.Normal : StackingMode.None,
      ),
    )
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )

const buildBarGaugePanel = (): BarsBuilder =>
  new BarsBuilder().orientation(VizOrientation.Horizontal).displayMode(BarGaugeDisplayMode.Basic)

interface PanelLayout {
  readonly id: number
  readonly columns: number
}

function buildPanel(panel: PanelSpec, { id, columns }: PanelLayout): Builder<Panel> {
  const builder = panel.kind === 'Bars' ? buildBarGaugePanel() : buildTimeSeriesPanel(panel)
  return builder
    .id(id)
    .title(panel.title)
    .description(panel.description)
    .datasource(DATASOURCE)
    .unit(panel.unit)
    .targets(buildQueries(panel))
    .height(HEIGHT)
    .span(WIDTH / columns)
}

const buildVariable = (name: string, query: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(name)
    .datasource(DATASOURCE)
    .query({ query, refId: name })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    // A run without a sweep has no such label, which this matches too.
    .allValue('.*')
    .current(ALL_OPTION)

const VARIABLES = [
  new DatasourceVariableBuilder('datasource').label('datasource').type('prometheus'),
  buildVariable('namespace', 'label_values(neco_run_info, namespace)'),
  buildVariable('sweep', 'label_values(neco_run_info{namespace=~"$namespace"}, sweep)'),
  buildVariable(
    'run',
    'label_values(neco_run_info{namespace=~"$namespace", sweep=~"$sweep"}, run)',
  ),
]

/** The dashboard of studies and of the operator, in the classic JSON of Grafana. */
export function buildDashboard(): Dashboard {
  const builder = new DashboardBuilder('NeCo studies')
    .uid(DASHBOARD_UID)
    .description('Training studies of the neco-operator, and the operator itself.')
    .tags(['neco'])
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-6h', to: 'now' })
    .refresh('30s')
    .variables(VARIABLES)
  let id = 0
  for (const { title, panels } of DASHBOARD_ROWS) {
    const columns = Math.min(PANELS_PER_ROW, panels.length)
    builder.withRow(new RowBuilder(title).id(++id))
    for (const panel of panels) builder.withPanel(buildPanel(panel, { id: ++id, columns }))
  }
  return { ...builder.build(), schemaVersion: SCHEMA_VERSION }
}
