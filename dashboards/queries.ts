import { DASHBOARD_ROWS } from './panels.ts'

/** What stands in the variables of the dashboard: regular expressions, and a range. */
export interface DashboardVariables {
  readonly namespace: string
  readonly sweep: string
  readonly run: string
  /** A duration of Prometheus that holds at least two scrapes, such as 30s. */
  readonly rateInterval: string
}

export interface DashboardQuery {
  readonly panel: string
  readonly expr: string
}

/** Every query of the dashboard as Prometheus gets it, once Grafana has put the variables in. */
export function listDashboardQueries(variables: DashboardVariables): readonly DashboardQuery[] {
  const { rateInterval, ...named } = variables
  const expandVariables = (expr: string): string =>
    Object.entries({ ...named, __rate_interval: rateInterval }).reduce(
      (text, [name, value]) => text.replaceAll(`$${name}`, value),
      expr,
    )
  return DASHBOARD_ROWS.flatMap(({ panels }) =>
    panels.flatMap(({ title, queries }) =>
      queries.map(({ expr }) => ({ panel: title, expr: expandVariables(expr) })),
    ),
  )
}
