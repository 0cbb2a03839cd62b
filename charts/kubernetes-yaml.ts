import { stringify } from 'yaml'

/** YAML that Kubernetes and Helm read as it was meant: they follow YAML 1.1, where a bare n or y is a boolean. */
export const toKubernetesYaml = (value: unknown): string =>
  stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' })
