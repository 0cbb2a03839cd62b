import type { Series } from './study-series.ts'

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

const quoteLabelValue = (value: string): string =>
  `"${value.replaceAll(/[\\"\n]/g, (character) => ESCAPES[character] ?? '')}"`

/**
 * One sample in the text format of Prometheus; a label without a value is left out, which is the
 * same to it.
 */
export function formatSample({ family, labels, value }: Series): string {
  const pairs = Object.entries(labels).filter(([, text]) => text !== '')
  return `${family}{${pairs.map(([name, text]) => `${name}=${quoteLabelValue(text)}`).join(',')}} ${value}`
}

export interface GaugeFamily {
  readonly name: string
  readonly help: string
  readonly lines: readonly string[]
}

/** A family of gauges in the text format; nothing where it has no series. */
export const formatGaugeFamily = ({ name, help, lines }: GaugeFamily): string =>
  lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('\n')}\n\n`
