import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { buildArgocdConfigMap } from '../argocd/config-map.ts'
import { buildCrdTemplate } from '../charts/crd-template.ts'
import { toKubernetesYaml } from '../charts/kubernetes-yaml.ts'
import { buildValuesSchema } from '../charts/values-schema.ts'
import { buildCrd, KINDS } from '../crds/generators/to-crd.ts'
import { buildEditorSchema } from '../crds/generators/to-editor-schema.ts'
import { buildReferencePage } from '../crds/generators/to-reference.ts'
import { buildDashboard } from '../dashboards/build-dashboard.ts'

const root = join(import.meta.dirname, '..')
const NOTE = '# Made by `npm run generate` from crds/. Do not edit.\n'

const yaml = (value: unknown): string => NOTE + toKubernetesYaml(value)

const json = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`
const CHART = 'charts/neco-operator'

/** Every generated file by its path: one list for writing and for checking. */
const generated: ReadonlyMap<string, string> = new Map([
  ...KINDS.map((kind): [string, string] => [
    `crds/generated/${kind.plural}.yaml`,
    yaml(buildCrd(kind)),
  ]),
  ['crds/generated/neco.schema.json', json(buildEditorSchema())],
  ...KINDS.map((kind): [string, string] => [
    `${CHART}/templates/generated/${kind.plural}.yaml`,
    buildCrdTemplate(kind, NOTE),
  ]),
  [`${CHART}/values.schema.json`, json(buildValuesSchema())],
  [`${CHART}/generated/dashboard.json`, json(buildDashboard())],
  [
    'argocd/argocd-cm.yaml',
    `# Made by \`npm run generate\` from argocd/health.lua. Do not edit.\n${buildArgocdConfigMap(await readFile(join(root, 'argocd/health.lua'), 'utf8'))}`,
  ],
  ['docs/reference.md', buildReferencePage()],
])

const readOrEmpty = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')

async function stalePaths(): Promise<string[]> {
  const stale: string[] = []
  for (const [path, text] of generated) {
    if ((await readOrEmpty(join(root, path))) !== text) stale.push(path)
  }
  return stale
}

async function writeAll(): Promise<void> {
  for (const [path, text] of generated) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
}

if (process.argv.includes('--check')) {
  const stale = await stalePaths()
  if (stale.length > 0) {
    console.error(`out of date: ${stale.join(', ')}\nrun: npm run generate`)
    process.exit(1)
  }
  console.log(`${generated.size} generated files are current`)
} else {
  await writeAll()
  console.log(`wrote ${[...generated.keys()].join(', ')}`)
}
