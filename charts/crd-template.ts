import { buildCrd, type JsonNode, type KINDS } from '../crds/generators/to-crd.ts'
import { toKubernetesYaml } from './kubernetes-yaml.ts'

/** Keeps a CRD, and with it every object of its kind, when the chart is uninstalled. */
const KEEP_ANNOTATION = { 'helm.sh/resource-policy': 'keep' }

/**
 * A CRD as a template of the chart, installed where `crds.install` is set and never uninstalled.
 * Throws where the CRD contains template syntax of Helm. `note` is the comment at its top.
 */
export function buildCrdTemplate(kind: (typeof KINDS)[number], note: string): string {
  const crd = buildCrd(kind)
  const annotated = {
    ...crd,
    metadata: { ...(crd['metadata'] as JsonNode), annotations: KEEP_ANNOTATION },
  }
  const text = toKubernetesYaml(annotated)
  if (text.includes('{{'))
    throw new Error(`the CRD of ${kind.kind} holds {{, which Helm would read`)
  return `{{- if .Values.crds.install }}\n${note}${text}{{- end }}\n`
}
