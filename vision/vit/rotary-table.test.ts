import { expect, test } from 'vitest'
import { rotaryTable } from './rotary-table.ts'

test('leading tokens are not rotated and a patch in the center has angle 0', () => {
  const table = rotaryTable({ grid: [1, 1], headWidth: 8, leadingTokens: 2 })
  expect(table.tokens).toBe(3)
  expect([...table.cos]).toEqual(new Array(24).fill(1))
  expect([...table.sin].map(Math.abs)).toEqual(new Array(24).fill(0))
})

test('angles are 2π·coordinate ÷ period, rows before columns, tiled twice', () => {
  const { cos, sin } = rotaryTable({ grid: [2, 4], headWidth: 8, leadingTokens: 0 })
  const patch = 1 * 4 + 3
  const [y, x] = [0.5, 0.75].map((coordinate) => 2 * Math.PI * coordinate)
  const half = [y, (y ?? 0) / 10, x, (x ?? 0) / 10].map(Number)
  const angles = [...half, ...half]
  expect([...cos.subarray(patch * 8, patch * 8 + 8)]).toEqual(angles.map(Math.cos))
  expect([...sin.subarray(patch * 8, patch * 8 + 8)]).toEqual(angles.map(Math.sin))
})
