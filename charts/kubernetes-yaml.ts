import { stringify } from 'yaml'

/** YAML 1.1 for Kubernetes and Helm, where a bare n or y is a boolean and must be quoted. */
export const toKubernetesYaml = (value: unknown): string =>
  stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' })
