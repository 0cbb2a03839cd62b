import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import { RunResult } from '../contract/run-result.ts'
import { withValueAt } from '../method/merge-settings.ts'
import { ResultSettings } from '../method/result-settings.ts'
import { settingsProblems } from '../method/settings-problems.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import { runResultPath } from '../pod/storage-layout.ts'
import { trainInProcess } from '../test/fixtures/in-process-training.ts'
import { buildMicroRunConfig } from '../test/fixtures/micro-run-config.ts'
import { type Backend, startBackend } from '../vision/backends/start-backend.ts'

/** Settings that say nothing to a training of Scenes, with the reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  numericsVersion: 'names what the other settings mean; it is part of the run key only',
  'model.weights.volume': 'says where the file is, whose digest is part of the run key',
  'model.weights.path': 'says where the file is, whose digest is part of the run key',
  'data.kind': 'needs a folder, which the rules of the spec ask for',
  'data.volume': 'says where a folder is; the rules of the spec refuse it for Scenes',
  'data.path': 'says where a folder is; the rules of the spec refuse it for Scenes',
  'data.split': 'chooses images of Voc; the rules of the spec refuse it for Scenes',
  'data.masks': 'says where labels are, which training does not read',
  'data.classes': 'names labels, which training does not read',
}

/** Other values, where the schema gives none that is far enough or fits the rest. */
const VALUES: Readonly<Record<string, unknown>> = {
  'model.dim': 20,
  'model.heads': 4,
  'model.patchSizePx': 4,
  'views.minIntersection': 0.12,
  'views.grayscaleProbability': 0.9,
  'views.localSizePx': 24,
  'views.globalSizePx': 40,
  'loss.keptNeighbors': 3,
  'optimizer.trainableBlocks': 1,
}

/** What must be set as well for a setting to apply. */
const CONTEXTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'references.fraction': {
    'references.source': 'StudentFraction',
    'references.count': undefined,
    'references.fraction': 0.5,
  },
  'references.queueLength': { 'references.source': 'TeacherQueue', 'references.queueLength': 50 },
  'loss.relaxation': { 'loss.epsilon': 1e-6 },
  'loss.lambda': {
    'loss.relaxation': 'LogisticPhi',
    'loss.lambda': 0.25,
    'loss.epsilon': 1e-6,
  },
  'loss.renormalizeKept': { 'loss.keptNeighbors': 3, 'loss.epsilon': 1e-6 },
  'views.blurRadius': { 'views.blurProbability': 1 },
  'optimizer.epochs': { 'optimizer.steps': undefined },
}

interface Leaf {
  readonly path: string
  readonly schema: z.core.$ZodType
}

function listLeaves(schema: z.core.$ZodType, path = ''): readonly Leaf[] {
  if (schema instanceof z.ZodOptional) return listLeaves(schema.unwrap(), path)
  if (!(schema instanceof z.ZodObject)) return [{ path, schema }]
  return Object.entries(schema.shape).flatMap(([name, field]) =>
    listLeaves(field as z.core.$ZodType, path === '' ? name : `${path}.${name}`),
  )
}

const valueAt = (tree: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)?.[key], tree)

/** Other values of a setting: every other word, or one other number. */
function listOtherValues({ path, schema }: Leaf, value: unknown): readonly unknown[] {
  if (VALUES[path] !== undefined) return [VALUES[path]]
  if (schema instanceof z.ZodEnum) return schema.options.filter((option) => option !== value)
  if (schema instanceof z.ZodBoolean) return [value !== true]
  if (schema instanceof z.ZodNumber && schema.isInt) return [Number(value) + 1]
  if (schema instanceof z.ZodNumber) return [value === 0 ? 0.05 : Number(value) / 2]
  if (schema instanceof z.ZodArray) return [(value as number[]).map((item) => item * 0.9)]
  throw new Error(`give another value of ${path} in VALUES, or a reason in EXCEPTIONS`)
}

let root = ''
let runs = 0
let backend: Backend
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'neco-obeyed-'))
  backend = await startBackend({ backend: 'wasm' })
})
afterAll(async () => {
  await backend.close()
  await rm(root, { recursive: true })
})

const withValues = (settings: ResultSettings, values: Readonly<Record<string, unknown>>) =>
  Object.entries(values).reduce((tree, [path, value]) => withValueAt(tree, path, value), settings)

/** The loss and the digests of what was trained, or the problems of the settings. */
async function computeNumbers(settings: ResultSettings): Promise<unknown> {
  const problems = settingsProblems(settings, { dataSize: settings.data.count })
  if (problems.length > 0) return problems
  const storage = join(root, String(runs++))
  const config = buildMicroRunConfig({ execution: { storage } })
  const { runKey } = await trainInProcess({ ...config, result: settings })
  const bytes = await folderStorage(storage).read(runResultPath(runKey))
  const { metrics, final } = RunResult.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  return { loss: metrics['loss'], student: final.shards['student']?.sha256 }
}

const micro = withValues(buildMicroRunConfig().result, { 'optimizer.steps': 3 })
const leaves = listLeaves(ResultSettings)

test('Every exception, value and context is that of a setting.', () => {
  const paths = leaves.map(({ path }) => path)
  const named = [EXCEPTIONS, VALUES, CONTEXTS].flatMap((table) => Object.keys(table))
  expect(named.filter((path) => !paths.includes(path))).toEqual([])
})

test('The same settings give the same numbers.', async () => {
  expect(await computeNumbers(micro)).toEqual(await computeNumbers(micro))
})

const SOURCES: readonly Readonly<Record<string, unknown>>[] = [
  { 'references.source': 'TeacherBatch' },
  { 'references.source': 'TeacherQueue', 'references.queueLength': 50 },
  {
    'references.source': 'StudentFraction',
    'references.count': undefined,
    'references.fraction': 0.25,
  },
]

test('Every source of 9 references gives numbers of its own.', async () => {
  const numbers = new Set<string>()
  for (const source of SOURCES) {
    numbers.add(JSON.stringify(await computeNumbers(withValues(micro, source))))
  }
  expect(numbers.size).toBe(SOURCES.length)
})

const computed = new Map<ResultSettings, Promise<unknown>>()
/** The numbers of settings that several tests begin with. */
function computeNumbersOnce(settings: ResultSettings): Promise<unknown> {
  const numbers = computed.get(settings) ?? computeNumbers(settings)
  computed.set(settings, numbers)
  return numbers
}

test.each(leaves.filter(({ path }) => EXCEPTIONS[path] === undefined))(
  '$path is obeyed: another value gives other numbers, or is refused',
  async (leaf) => {
    const settings = withValues(micro, CONTEXTS[leaf.path] ?? {})
    const before = await computeNumbersOnce(settings)
    expect(before).not.toBeInstanceOf(Array)
    for (const value of listOtherValues(leaf, valueAt(settings, leaf.path))) {
      const changed = ResultSettings.parse(withValueAt(settings, leaf.path, value))
      expect([value, await computeNumbers(changed)]).not.toEqual([value, before])
    }
  },
)
