import { buildCrd, type JsonNode, type KINDS } from '../crds/generators/to-crd.ts'
import { toKubernetesYaml } from './kubernetes-yaml.ts'

/** What keeps a CRD, and with it every object of its kind, when the chart is uninstalled. */
const KEEP_ANNOTATION = { 'helm.sh/resource-policy': 'keep' }

/** A CRD as a template of the chart: made where `crds.install` is set, kept when the chart goes. Throws where the CRD holds what Helm would take for a template. The note is a comment on who made it. */
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
