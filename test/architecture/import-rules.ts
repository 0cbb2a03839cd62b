import type { ImportRules } from './check-imports.ts'

const DECLARATIONS = ['contract/', 'crds/', 'method/', 'search/', 'std/']

/** Keys and errors of the ports are those of Kubernetes on every platform. */
const KUBE_OBJECTS = ['kube/kube-error.ts', 'kube/object-key.ts']

/**
 * Which folder may import what, from the foundation up. What is not listed is refused. A folder may
 * always import itself; a longer path has a list of its own, which replaces the shorter one's.
 */
export const IMPORT_RULES: ImportRules = {
  // Foundation: what settings mean, and what operator and pods exchange.
  'std/': [],
  'std/files/': ['std/', 'node:fs/promises', 'node:path'],
  'method/': ['std/', 'zod'],
  'contract/': ['method/', 'std/', 'zod'],
  'search/': ['method/', 'std/', 'zod'],
  // The status of a run names its tasks as operator and pods address them.
  'crds/': ['contract/task-address.ts', 'method/', 'search/', 'std/', 'zod'],

  // The controller runtime, which knows nothing of NeCo.
  'kube/': ['std/', '@kubernetes/client-node', 'node:'],

  // The operator: planning is pure, ports are interfaces, and startup/ composes the rest.
  'operator/core/': [...DECLARATIONS, 'type operator/ports/'],
  'operator/ports/': [...DECLARATIONS, 'type kube/'],
  'operator/controllers/': [
    ...DECLARATIONS,
    ...KUBE_OBJECTS,
    'kube/queue/',
    'operator/core/',
    'operator/ports/',
  ],
  'operator/cluster/': [
    ...DECLARATIONS,
    'kube/',
    'operator/core/',
    'operator/ports/',
    '@kubernetes/client-node',
    'node:crypto',
    'zod',
  ],
  'operator/bus/': [
    'contract/',
    'operator/ports/',
    'std/',
    '@nats-io/jetstream',
    '@nats-io/jwt',
    '@nats-io/kv',
    'nats',
    'node:crypto',
    'node:fs',
  ],
  'operator/observability/': [
    ...DECLARATIONS,
    'type kube/',
    'operator/core/',
    'operator/ports/',
    'type operator/controllers/',
    'node:',
    'pino',
    'prom-client',
  ],
  'operator/': [
    ...DECLARATIONS,
    'kube/',
    'package.json',
    '@kubernetes/client-node',
    '@nats-io/jwt',
    'node:',
    'pino',
    'yaml',
    'zod',
  ],

  // Tensors and images. Backends compute what sorting/, ops/ and vit/ define, never the reverse.
  'vision/': ['contract/', 'method/', 'std/'],
  'vision/random/': [],
  'vision/images/': ['vision/random/', 'node:zlib', 'sharp'],
  'vision/scenes/': ['vision/images/', 'vision/random/'],
  'vision/datasets/': ['method/', 'std/', 'vision/images/', 'vision/scenes/', 'node:', 'sharp'],
  'vision/sorting/': ['method/', 'std/'],
  'vision/ops/': ['std/', 'vision/sorting/', '@tensorflow/tfjs-core'],
  'vision/vit/': [
    'method/',
    'std/',
    'vision/ops/',
    'vision/random/',
    'type vision/weights/',
    '@tensorflow/tfjs-core',
  ],
  'vision/weights/': ['std/', 'vision/vit/', 'node:', 'zod'],
  'vision/backends/': [
    'method/',
    'std/',
    'vision/ops/',
    'vision/sorting/',
    '@tensorflow/tfjs-core',
    'node:',
  ],

  // The programs of pods. They know neither Kubernetes nor each other.
  'pod/': [
    'contract/',
    'method/',
    'std/',
    '@nats-io/jetstream',
    'nats',
    'node:',
    'pino',
    'prom-client',
    'zod',
  ],
  'trainer/core/': ['method/', 'std/', 'vision/', '@tensorflow/tfjs-core'],
  'trainer/': ['contract/', 'method/', 'pod/', 'std/', 'vision/', '@tensorflow/tfjs-core', 'node:'],
  'evaluator/core/': ['method/', 'std/', 'vision/'],
  'evaluator/': [
    'contract/',
    'method/',
    'pod/',
    'std/',
    'vision/',
    '@tensorflow/tfjs-core',
    'node:',
    'sharp',
  ],
  'pretrain/': [
    'contract/',
    'method/',
    'pod/',
    'std/',
    'vision/',
    '@tensorflow/tfjs-core',
    'node:',
  ],

  // The command line. local/ and cluster/ are siblings behind study-platform.ts: only commands/
  // knows both.
  'cli/*.ts': [
    ...DECLARATIONS,
    'cli/commands/',
    'cli/progress/',
    'cli/report/',
    'operator/core/',
    'operator/ports/',
    'package.json',
    'node:',
  ],
  'cli/manifest/': [
    ...DECLARATIONS,
    ...KUBE_OBJECTS,
    'cli/*.ts',
    'operator/core/',
    'operator/ports/',
    'node:',
    'yaml',
  ],
  'cli/progress/': [
    ...DECLARATIONS,
    'cli/*.ts',
    'cli/report/',
    'operator/core/',
    'operator/ports/',
    'pod/',
    'node:',
  ],
  'cli/report/': [
    ...DECLARATIONS,
    'cli/*.ts',
    'type cli/manifest/',
    // Draws on images, without tensors.
    'evaluator/figure/insert-line.ts',
    'operator/core/',
    'operator/ports/',
    'pod/',
    'vision/images/',
    'node:path',
    'sharp',
  ],
  'cli/local/': [
    ...DECLARATIONS,
    ...KUBE_OBJECTS,
    'cli/*.ts',
    'cli/manifest/',
    'cli/progress/',
    'cli/report/',
    'operator/controllers/',
    'operator/core/',
    'operator/ports/',
    'pod/',
    'node:',
    'zod',
  ],
  'cli/cluster/': [
    ...DECLARATIONS,
    'cli/*.ts',
    'cli/manifest/',
    'cli/progress/',
    'cli/report/',
    'kube/',
    'operator/bus/',
    'operator/cluster/',
    'operator/core/',
    'operator/ports/',
    'pod/',
    '@kubernetes/client-node',
    'nats',
    'node:',
  ],
  'cli/': [
    ...DECLARATIONS,
    'operator/core/',
    'operator/ports/',
    'pod/',
    'vision/images/',
    'vision/scenes/',
    'node:',
    'sharp',
  ],

  // What is generated and installed.
  'charts/': ['crds/', 'std/', 'yaml', 'zod'],
  'dashboards/': [...DECLARATIONS, 'operator/observability/', '@grafana/grafana-foundation-sdk'],
  'argocd/': ['charts/', 'crds/', 'std/'],

  // Tools of the repository. They alone may import test/.
  'scripts/': ['argocd/', 'charts/', 'crds/', 'dashboards/', 'test/', 'assemblyscript', 'node:'],
  'bench/': [
    ...DECLARATIONS,
    'operator/core/',
    'operator/ports/',
    'test/',
    'vision/',
    '@tensorflow/tfjs-core',
    'node:',
  ],
  '*.ts': ['test/', 'vitest'],
}
