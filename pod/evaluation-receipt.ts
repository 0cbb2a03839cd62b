import { EvaluationFile } from '../contract/evaluation-file.ts'
import { EvaluationReceipt } from '../contract/evaluation-receipt.ts'
import type { RunResult } from '../contract/run-result.ts'
import type { EvaluationSettings } from '../method/settings/evaluation.ts'
import { canonicalDigest, canonicalJson } from './canonical-digest.ts'
import { readStoredJson } from './read-stored.ts'
import type { Storage } from './storage.ts'
import { evaluationReceiptPath, evaluationResultPath } from './storage-layout.ts'

/** All that determines under which keys the results of one evaluation of a training lie. */
export interface ReceiptIdentity {
  readonly numericsVersion: number
  readonly settings: EvaluationSettings
  readonly memoryDigest: string
  readonly validationDigest: string
  /** The training that is measured: one repeated with other bits has receipts of its own. */
  readonly training: Pick<RunResult, 'runKey' | 'final' | 'retained'>
}

/** Where in a training something was measured, and what. */
export type MeasuredEvaluation = EvaluationReceipt['measured'][number] & {
  readonly metrics: Readonly<Record<string, number>>
}

function receiptPath(identity: ReceiptIdentity): string {
  const { numericsVersion, settings, memoryDigest, validationDigest, training } = identity
  const { protocols, profile, at, source, seed } = settings
  const key = canonicalDigest({
    numericsVersion,
    protocols: [...protocols].sort(),
    profile,
    at: [...at].sort((a, b) => a - b),
    source,
    seed,
    memory: memoryDigest,
    validation: validationDigest,
    final: training.final.shards,
    kept: training.retained.map(({ at: fraction, shards }) => ({ at: fraction, shards })),
  })
  return evaluationReceiptPath(training.runKey, key)
}

/** Writes down where the results of an evaluation lie, once all of them do. Throws StorageError. */
export async function writeReceipt(
  storage: Storage,
  identity: ReceiptIdentity,
  measured: readonly MeasuredEvaluation[],
): Promise<void> {
  const entries = measured.map(({ metrics: _, ...entry }) => entry)
  const receipt = { schemaVersion: 1, measured: entries }
  await storage.put(receiptPath(identity), canonicalJson(receipt))
}

/**
 * The results of an evaluation, by its receipt; undefined where it has none, or where a result or a
 * figure is not there whole. Throws StorageError.
 */
export async function findMeasuredEvaluations(
  storage: Storage,
  identity: ReceiptIdentity,
): Promise<readonly MeasuredEvaluation[] | undefined> {
  const receipt = await readStoredJson(storage, receiptPath(identity), EvaluationReceipt)
  if (receipt.kind !== 'Found') return undefined
  const found: MeasuredEvaluation[] = []
  for (const entry of receipt.value.measured) {
    const file = await readStoredJson(storage, evaluationResultPath(entry.key), EvaluationFile)
    if (file.kind !== 'Found' || !(await haveAllFiles(storage, entry.figures))) return undefined
    found.push({ ...entry, metrics: file.value.metrics })
  }
  return found
}

async function haveAllFiles(storage: Storage, paths: readonly string[]): Promise<boolean> {
  for (const path of paths) if ((await storage.stat(path)) === undefined) return false
  return true
}
