/** The value of a parameter, as people type it in YAML. */
export type ParameterValue = string | number | boolean

/** What a point sets: the values of its parameters, by path in the run. */
export type Assignment = Readonly<Record<string, ParameterValue>>

/** One parameter that varies: over listed values, or over the range from min to max. */
export interface SearchAxis {
  readonly parameter: string
  readonly values?: readonly ParameterValue[] | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
  readonly scale?: 'Linear' | 'Log' | undefined
  /** Whether the parameter takes integers only. A range then includes both ends. */
  readonly isInteger?: boolean | undefined
}

/** What a sweep varies, and the settings of its search. */
export interface SearchSpace {
  readonly axes?: readonly SearchAxis[] | undefined
  /** Parameters that vary together; their lists have one length. */
  readonly zip?:
    | readonly { readonly parameter: string; readonly values: readonly ParameterValue[] }[]
    | undefined
  readonly points?: readonly Readonly<Record<string, ParameterValue | undefined>>[] | undefined
  readonly count?: number | undefined
  readonly seed?: number | undefined
}

/** A point whose runs have all ended. */
export interface FinishedPoint {
  readonly number: number
  /** As recorded on its runs. */
  readonly assignment: Assignment
  /** Mean over the replicates that succeeded; absent where none did, or without an objective. */
  readonly objective?: number
}

export interface SearchHistory {
  /** By the number of the point, in no particular order. */
  readonly finished: ReadonlyMap<number, FinishedPoint>
  readonly better: 'Higher' | 'Lower'
}

/**
 * The answer of a search to a request for a point. Wait: it needs more points to have finished; at
 * least one point that it proposed before must then be unfinished, or the sweep fails with reason
 * SearchStalled. Exhausted: there is no point of this number or of a higher one.
 */
export type Proposal = Assignment | 'Wait' | 'Exhausted'

/**
 * One way to choose the points of a sweep. A method is pure and stateless: equal arguments give
 * equal proposals. Points are asked for in the order of their numbers, from 0, and a proposal is
 * recorded on the runs of its point, so that a point is asked for again only if no run was created.
 */
export interface SearchMethod {
  /** What it does, as the predicate of a sentence: "tries every combination". */
  readonly description: string
  /**
   * What it reads. Lists: points, zip, and axes with values; count is a limit. Axes: axes, which
   * may be ranges; count is required, zip and points are refused.
   */
  readonly drawsFrom: 'Lists' | 'Axes'
  /** Whether the sweep must name an objective. */
  readonly needsObjective: boolean
  /** How many points it proposes at most. */
  countPoints(space: SearchSpace): number
  propose(space: SearchSpace, number: number, history: SearchHistory): Proposal
}
