import { expect, test } from 'vitest'
import { buildMicroRunConfig } from '../../test/fixtures/micro-run-config.ts'
import { parameterShapes } from '../../vision/vit/parameter-shapes.ts'
import { listTrainableNames } from './parameter-groups.ts'

const { model } = buildMicroRunConfig().result
const names = [...parameterShapes(model).keys()]

test('Without trainableBlocks everything is trained.', () => {
  expect(listTrainableNames(names, { depth: 2 })).toEqual(names)
})

test('With trainableBlocks 1 the last block is trained, and neither embeddings nor the last norm.', () => {
  const blocks = listTrainableNames(names, { depth: 2, trainableBlocks: 1 })
  expect(blocks).toEqual(names.filter((name) => name.startsWith('blocks.1.')))
})
