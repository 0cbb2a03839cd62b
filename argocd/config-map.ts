import { toKubernetesYaml } from '../charts/kubernetes-yaml.ts'
import { KINDS } from '../crds/generators/to-crd.ts'
import { API_GROUP } from '../crds/names.ts'

/** What is merged into the ConfigMap argocd-cm, so that Argo CD knows the health of both kinds by the script given. */
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
