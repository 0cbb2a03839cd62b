import type { Metric } from './metric.ts'

/**
 * The evaluation protocols and the metrics that each measures, in the order they are measured. How
 * they are measured, and their numbers by profile, stands in evaluator/protocols/.
 */
export const PROTOCOLS = {
  InContext: {
    metrics: {
      inContextMiou: {
        title: 'in-context mIoU',
        unit: 'percent',
        better: 'Higher',
        incomparableAcross: [],
        deterministic: true,
      },
    },
  },
  Linear: {
    metrics: {
      linearMiou: {
        title: 'linear mIoU',
        unit: 'percent',
        better: 'Higher',
        incomparableAcross: [],
        deterministic: true,
      },
    },
  },
  NeighborAgreement: {
    metrics: {
      neighborAgreementTau: {
        title: 'neighbor agreement (Kendall τ)',
        unit: 'ratio',
        better: 'Neither',
        incomparableAcross: [],
        deterministic: true,
      },
      neighborAgreementTop1: {
        title: 'neighbor agreement, top 1',
        unit: 'ratio',
        better: 'Neither',
        incomparableAcross: [],
        deterministic: true,
      },
      neighborAgreementTop5: {
        title: 'neighbor agreement, top 5',
        unit: 'ratio',
        better: 'Neither',
        incomparableAcross: [],
        deterministic: true,
      },
      effectiveRank: {
        title: 'effective rank of the features',
        unit: 'dimensions',
        better: 'Neither',
        incomparableAcross: [],
        deterministic: true,
      },
    },
  },
} as const satisfies Record<string, { readonly metrics: Readonly<Record<string, Metric>> }>

export type Protocol = keyof typeof PROTOCOLS
export const PROTOCOL_NAMES = Object.keys(PROTOCOLS) as [Protocol, ...Protocol[]]

/** Names of the metrics of a protocol, or of all. */
export type ProtocolMetric<Name extends Protocol = Protocol> = {
  [One in Name]: keyof (typeof PROTOCOLS)[One]['metrics']
}[Name]
