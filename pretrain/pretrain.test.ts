import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { folderStorage } from '../pod/folder-storage.ts'
import { type Backend, startBackend } from '../vision/backends/start-backend.ts'
import { readModelWeights } from '../vision/weights/read-model-weights.ts'
import { readSafetensors } from '../vision/weights/read-safetensors.ts'
import { type PretrainReport, pretrain } from './pretrain.ts'
import { PRETRAIN_SETTINGS, type PretrainSettings, TINY_BACKBONE } from './pretrain-settings.ts'
import { restoreState } from './state-file.ts'
import { disposeState, startState } from './train-step.ts'
import { drawWindows } from './windows.ts'

/** Small enough for plain loops: 16 pixels a patch, one narrow block. */
const settings: PretrainSettings = {
  ...PRETRAIN_SETTINGS,
  backbone: { ...TINY_BACKBONE, dim: 8, depth: 1, heads: 2, patchSizePx: 16, positionGrid: 4 },
  steps: 6,
  batchSize: 4,
  warmUpSteps: 2,
}

let backend: Backend
let folder = ''
beforeAll(async () => {
  backend = await startBackend({ backend: 'reference' })
  folder = await mkdtemp(join(tmpdir(), 'neco-pretrain-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
  await backend.close()
})

const windows = drawWindows({ first: 1, count: 12 })
const heldOut = drawWindows({ first: 100, count: 5 })

/** Trains from the state of that name to the end, or until so many steps are done. */
async function train(name: string, stopAfter = Number.POSITIVE_INFINITY) {
  const state = startState(settings)
  const statePath = `${name}-state.safetensors`
  const saved = await readSafetensors({ files: folderStorage(folder), path: statePath }).catch(
    () => undefined,
  )
  if (saved !== undefined) expect(restoreState(state, settings, saved)).toBe(true)
  const stop = new AbortController()
  const reports: PretrainReport[] = []
  const outcome = await pretrain(state, {
    settings,
    windows,
    heldOut,
    storage: folderStorage(folder),
    statePath,
    weightsPath: `${name}.safetensors`,
    saveEverySteps: 4,
    report: (report) => {
      reports.push(report)
      if (report.step >= stopAfter) stop.abort()
    },
    signal: stop.signal,
  })
  disposeState(state)
  return { outcome, reports }
}

test('a run that was stopped and started again writes the same bytes as one that was not', async () => {
  const before = backend.memory()
  const whole = await train('whole')
  const first = await train('parts', 3)
  const second = await train('parts')
  expect([whole.outcome, first.outcome, second.outcome]).toEqual([
    'Finished',
    'Interrupted',
    'Finished',
  ])
  expect([...first.reports, ...second.reports]).toEqual(whole.reports)
  const bytes = (name: string) => readFile(join(folder, `${name}.safetensors`))
  expect(await bytes('parts')).toEqual(await bytes('whole'))
  expect(backend.memory()).toEqual(before)
})

test('accuracy on held-out windows is a share, and is reported whenever the checkpoint is written', async () => {
  const { reports } = await train('reported')
  const notified = reports.filter(({ heldOutAccuracy }) => heldOutAccuracy !== undefined)
  expect(notified.map(({ step }) => step)).toEqual([4, 6])
  const shares = [0, 0.2, 0.4, 0.6, 0.8, 1]
  expect(notified.every(({ heldOutAccuracy = -1 }) => shares.includes(heldOutAccuracy))).toBe(true)
})

test('the weights are those of the backbone alone', async () => {
  await train('weights')
  const { tensors } = await readModelWeights(
    { files: folderStorage(folder), path: 'weights.safetensors' },
    settings.backbone,
  )
  expect(tensors.get('patch_embed.proj.weight')?.shape).toEqual([8, 3, 16, 16])
  expect([...tensors.keys()].filter((name) => name.includes('head'))).toEqual([])
})

test('a state of other settings is not taken', async () => {
  await train('other')
  const state = startState({ ...settings, seed: 1 })
  const saved = await readSafetensors({
    files: folderStorage(folder),
    path: 'other-state.safetensors',
  })
  expect(restoreState(state, { ...settings, seed: 1 }, saved)).toBe(false)
  expect(state.step).toBe(0)
  disposeState(state)
})
