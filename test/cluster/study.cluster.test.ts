import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { manifestOf } from '../../cli/manifest/read-manifest.ts'
import { REDUCED } from '../run-example.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { openStudyGround, type StudyGround } from './study-ground.ts'

const bed = sharedBed()
const file = join(import.meta.dirname, '../../examples/sweep-steepness.yaml')

let ground: StudyGround
beforeAll(async () => {
  ground = await openStudyGround(bed, { name: 'study' })
})
afterAll(() => ground?.close())

test('a sweep that is applied trains on the nodes and is complete in the end', async () => {
  const text = await readFile(file, 'utf8')
  const manifest = manifestOf({ file, text, overrides: REDUCED })
  if (manifest.kind !== 'NeCoSweep') throw new Error('no sweep')
  await ground.apply(manifest.sweep)
  await ground.until('necosweep', 'sweep-steepness', 'Complete')
  const { status } = await ground.sweep('sweep-steepness')
  expect(status).toMatchObject({ total: 6, succeeded: 6, failed: 0 })
})
