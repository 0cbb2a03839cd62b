import { clusterYaml } from '../charts/cluster-yaml.ts'
import { KINDS } from '../crds/generators/to-crd.ts'
import { API_GROUP } from '../crds/names.ts'

/** The ConfigMap to merge into argocd-cm: the given health script, for both kinds. */
export const argocdConfigMap = (script: string): string =>
  clusterYaml({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'argocd-cm',
      namespace: 'argocd',
      labels: {
        'app.kubernetes.io/name': 'argocd-cm',
        'app.kubernetes.io/part-of': 'argocd',
      },
    },
    data: Object.fromEntries(
      KINDS.map(({ kind }) => [`resource.customizations.health.${API_GROUP}_${kind}`, script]),
    ),
  })
