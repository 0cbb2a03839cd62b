import { toKubernetesYaml } from '../charts/kubernetes-yaml.ts'
import { KINDS } from '../crds/generators/to-crd.ts'
import { API_GROUP } from '../crds/names.ts'

/** A patch of the ConfigMap argocd-cm with the health script of both kinds. */
export const buildArgocdConfigMap = (script: string): string =>
  toKubernetesYaml({
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
