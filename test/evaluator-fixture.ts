import { join } from 'node:path'
import type { RunConfig } from '../contract/run-config.ts'
import type { EvaluatorDependencies } from '../evaluator/open-evaluation.ts'
import type { EvaluationSettings } from '../method/settings/evaluation.ts'
import { sha256 } from '../pod/canonical-digest.ts'
import { classifyFailure } from '../pod/classify-failure.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import { computeRunKey } from '../pod/run-key.ts'
import type { ReportBody } from '../pod/spool.ts'
import { runResultPath } from '../pod/storage-layout.ts'
import { openDataset } from '../vision/datasets/open-dataset.ts'
import { visionFailure } from '../vision/vision-failure.ts'
import { buildParameters, parameterValues } from '../vision/vit/build-parameters.ts'
import { encodeSafetensors } from '../vision/weights/encode-safetensors.ts'
import { aMicroRunConfig } from './micro-run-config.ts'

const evaluation: EvaluationSettings = {
  name: 'scenes',
  protocols: ['InContext'],
  profile: 'Scenes',
  memory: { kind: 'Scenes', firstSeed: 100, count: 4 },
  validation: { kind: 'Scenes', firstSeed: 200, count: 3 },
  at: [0, 1],
  source: 'Student',
  seed: 3,
}

/** The run-config of a small evaluation with its storage in `root`. */
export const anEvaluationConfig = (
  root: string,
  settings: Partial<EvaluationSettings> = {},
  overrides: Parameters<typeof aMicroRunConfig>[0] = {},
): RunConfig => ({
  ...aMicroRunConfig({ ...overrides, execution: { storage: root, volumes: { '': root } } }),
  evaluation: { ...evaluation, ...settings },
})

interface Watched {
  readonly world: EvaluatorDependencies
  readonly reports: ReportBody[]
}

/** The world of an evaluator on a real folder, with time that stands still. */
export function anEvaluatorWorld(
  root: string,
  overrides: Partial<EvaluatorDependencies> = {},
): Watched {
  const reports: ReportBody[] = []
  const world: EvaluatorDependencies = {
    storage: folderStorage(root, () => Date.now()),
    signal: new AbortController().signal,
    monotonicMs: () => 0,
    sleep: async () => undefined,
    report: async (_, body) => {
      reports.push(body)
    },
    log: () => undefined,
    warn: () => undefined,
    backend: 'test',
    ...overrides,
  }
  return { world, reports }
}

/** The file of a backbone that is drawn from a seed. Needs a backend. */
export function aBackboneFile({ result }: RunConfig, initSeed: number): Buffer {
  const parameters = buildParameters(result.model, { initSeed })
  const bytes = Buffer.concat([...encodeSafetensors(parameterValues(parameters))])
  for (const parameter of parameters.values()) parameter.dispose()
  return bytes
}

const shardOf = (name: string, bytes: Buffer) => {
  const digest = sha256(bytes)
  return { file: `${name}.${digest.slice(0, 12)}.safetensors`, sha256: digest, bytes: bytes.length }
}

/** Puts a finished training on the storage: 6 steps, with checkpoints at the middle and the end. */
export async function aFinishedTraining(
  config: RunConfig,
  student = aBackboneFile(config, 77),
): Promise<{ readonly runKey: string; readonly studentPath: string }> {
  const { storage: root } = config.execution
  const storage = folderStorage(root, () => Date.now())
  const { manifestDigest } = await openDataset(config.result.data, { volumes: {} })
  const { result } = config
  const key = computeRunKey({
    result,
    weightsDigest: undefined,
    dataManifestDigest: manifestDigest,
  })
  const folder = `runs/${key}/attempts/1-pod/checkpoints/step-00000006`
  const teacher = aBackboneFile(config, 78)
  const shards = { student: shardOf('student', student), teacher: shardOf('teacher', teacher) }
  await storage.writeAtomic(`${folder}/${shards.student.file}`, student)
  await storage.writeAtomic(`${folder}/${shards.teacher.file}`, teacher)
  const final = { step: 6, folder, shards }
  const file = {
    schemaVersion: 1,
    runKey: key,
    totalSteps: 6,
    imagesSeen: 24,
    metrics: {},
    backend: 'test',
    final,
    retained: [{ ...final, at: 0.5, step: 3 }],
    curve: 'curve.ndjson',
  }
  await storage.writeAtomic(runResultPath(key), JSON.stringify(file))
  return { runKey: key, studentPath: join(root, folder, shards.student.file) }
}

/** What went wrong, as the exit code and the termination message would say it. */
export async function failureOf(operation: Promise<unknown>) {
  try {
    await operation
  } catch (error) {
    return { ...classifyFailure(error, visionFailure), message: (error as Error).message }
  }
  return undefined
}
