import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Backend, startBackend } from '../../vision/backends/start-backend.ts'
import { readTensorValues, toTensor } from '../../vision/ops/tensor-values.ts'
import { TeacherQueue } from './teacher-queue.ts'

const inOrder = (length: number) => Array.from({ length }, (_, index) => index)

describe('the queue of teacher patches', () => {
  let backend: Backend
  let queue: TeacherQueue
  beforeAll(async () => {
    backend = await startBackend({ backend: 'reference' })
  })
  afterAll(() => backend.close())
  beforeEach(() => {
    queue = new TeacherQueue({ length: 3, dim: 1 })
    return () => queue.close()
  })
  const push = (values: readonly number[], mask?: readonly number[]) => {
    const features = toTensor(values, [values.length, 1])
    queue.push({ features, images: 1, mask }, inOrder)
    features.dispose()
  }
  const state = () => ({
    rows: [...readTensorValues(queue.rows)],
    entries: [queue.entries(0), queue.entries(1)],
  })

  test('takes new rows in front, apart for each global crop, and drops the oldest', () => {
    push([1, 2, -1, -2])
    expect(state()).toEqual({ rows: [1, 2, 0, -1, -2, 0], entries: [2, 2] })
    push([3, 4, -3, -4])
    expect(state()).toEqual({ rows: [3, 4, 1, -3, -4, -1], entries: [3, 3] })
  })

  test('takes no masked rows', () => {
    push([1, 2, -1, -2], [0, 1, 0, 0])
    expect(state()).toEqual({ rows: [2, 0, 0, 0, 0, 0], entries: [1, 0] })
  })

  test('resumes from a checkpoint', () => {
    queue.restore([9, 0, 0, -9, -8, 0], [1, 2])
    push([1, -1])
    expect(state()).toEqual({ rows: [1, 9, 0, -1, -9, -8], entries: [2, 3] })
  })

  test('counts both crops together only where asked to, as the released program does', () => {
    const released = new TeacherQueue({ length: 3, dim: 1, countsBothCrops: true })
    const features = toTensor([1, -1], [2, 1])
    released.push({ features, images: 1 }, inOrder)
    features.dispose()
    expect([released.entries(0), released.entries(1)]).toEqual([2, 2])
    released.close()
  })
})
