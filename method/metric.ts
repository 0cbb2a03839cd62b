/** What a measure is called everywhere: in reports, tables, objectives and Prometheus. */
export interface Metric {
  readonly title: string
  readonly unit: 'ratio' | 'percent' | 'nats' | 'images/s' | 'seconds' | 'dimensions' | 'rate'
  readonly better: 'Higher' | 'Lower' | 'Neither'
  /** Parameter paths across which two values of this measure must not be compared. */
  readonly incomparableAcross: readonly string[]
  /** Whether runs with equal settings give equal values, bit for bit. */
  readonly deterministic: boolean
}
