import { describe, expect, test } from 'vitest'
import { SOBOL_DIMENSIONS, sobol } from './sobol-sequence.ts'

const points = (count: number, dimensions: number) =>
  Array.from({ length: count }, (_, i) => Array.from({ length: dimensions }, (_, d) => sobol(i, d)))

describe('the Sobol sequence', () => {
  test('starts as published, in three dimensions', () => {
    expect(points(8, 3)).toEqual([
      [0, 0, 0],
      [0.5, 0.5, 0.5],
      [0.75, 0.25, 0.25],
      [0.25, 0.75, 0.75],
      [0.375, 0.375, 0.625],
      [0.875, 0.875, 0.125],
      [0.625, 0.125, 0.875],
      [0.125, 0.625, 0.375],
    ])
  })

  test('puts one of 2ⁿ points in each of 2ⁿ equal parts of every dimension', () => {
    for (let dimension = 0; dimension < SOBOL_DIMENSIONS; dimension++) {
      const parts = new Set(
        Array.from({ length: 1024 }, (_, i) => Math.floor(1024 * sobol(i, dimension))),
      )
      expect(parts.size).toBe(1024)
    }
  })

  test('keeps that under a digital shift', () => {
    const parts = new Set(
      Array.from({ length: 256 }, (_, i) => Math.floor(256 * sobol(i, 4, 0x9e3779b9))),
    )
    expect(parts.size).toBe(256)
  })

  test('has as many dimensions as a sweep has axes', () => {
    expect(SOBOL_DIMENSIONS).toBe(12)
    expect(() => sobol(1, 12)).toThrow('12 dimensions')
  })
})
