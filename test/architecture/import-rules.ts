import type { ImportRules } from './check-imports.ts'

const SETTINGS = ['contract/', 'crds/', 'method/', 'std/']

/**
 * Which folder may import what, from the foundation up. What is not listed is refused. A folder may
 * always import itself; a longer path has a list of its own, which replaces the shorter one's.
 */
export const IMPORT_RULES: ImportRules = {
  // Foundation: what settings mean, and what operator and pods exchange.
  'std/': [],
  'method/': ['std/', 'zod'],
  'contract/': ['method/', 'std/', 'zod'],
  'crds/': ['method/', 'std/', 'zod'],

  // The controller runtime, which knows nothing of NeCo.
  'kube/': ['std/', '@kubernetes/client-node', 'node:'],

  // The operator: planning is pure, ports are interfaces, and startup/ composes the rest.
  'operator/core/': [...SETTINGS, 'type operator/ports/'],
  'operator/ports/': [...SETTINGS, 'type kube/'],
  'operator/controllers/': [...SETTINGS, 'kube/queue/', 'operator/core/', 'operator/ports/'],
  'operator/cluster/': [
    ...SETTINGS,
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
    ...SETTINGS,
    'type kube/',
    'operator/core/',
    'operator/ports/',
    'type operator/controllers/',
    'node:',
    'pino',
    'prom-client',
  ],
  'operator/': [
    ...SETTINGS,
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
  'vision/ops/': [
    'std/',
    'type vision/backends/kernel-signatures.ts',
    'vision/sorting/',
    '@tensorflow/tfjs-core',
  ],
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
  'trainer/': ['contract/', 'method/', 'pod/', 'std/', 'vision/', 'node:'],
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
    ...SETTINGS,
    'cli/commands/',
    'cli/progress/',
    'cli/report/',
    'operator/core/',
    'operator/ports/',
    'package.json',
    'node:',
  ],
  'cli/manifest/': [...SETTINGS, 'cli/*.ts', 'operator/core/', 'operator/ports/', 'node:', 'yaml'],
  'cli/progress/': [
    ...SETTINGS,
    'cli/*.ts',
    'cli/report/',
    'operator/core/',
    'operator/ports/',
    'pod/',
    'node:',
  ],
  'cli/report/': [
    ...SETTINGS,
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
    ...SETTINGS,
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
    ...SETTINGS,
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
    ...SETTINGS,
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
  'dashboards/': [...SETTINGS, 'operator/observability/', '@grafana/grafana-foundation-sdk'],
  'argocd/': ['charts/', 'crds/', 'std/'],

  // Tools of the repository. They alone may import test/.
  'scripts/': ['argocd/', 'charts/', 'crds/', 'dashboards/', 'test/', 'assemblyscript', 'node:'],
  'bench/': [
    ...SETTINGS,
    'operator/core/',
    'operator/ports/',
    'test/',
    'vision/',
    '@tensorflow/tfjs-core',
    'node:',
  ],
  '*.ts': ['test/', 'vitest'],
}
