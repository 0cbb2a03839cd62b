import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SharedHeap, sizeClass } from './shared-heap.ts'

interface Block {
  readonly pointer: number
  readonly bytes: number
}

function overlap(a: Block, b: Block): boolean {
  return a.pointer < b.pointer + b.bytes && b.pointer < a.pointer + a.bytes
}

function replay(heap: SharedHeap, list: readonly (readonly [number, boolean])[]): void {
  const held: Block[] = []
  for (const [bytes, freeFirst] of list) {
    const oldest = freeFirst ? held.shift() : undefined
    if (oldest) heap.free(oldest.pointer)
    const block = { pointer: heap.allocate(bytes), bytes }
    expect(held.filter((other) => overlap(block, other))).toEqual([])
    held.push(block)
  }
  for (const { pointer } of held) heap.free(pointer)
}

describe('the heap on shared memory', () => {
  test('a size class holds its bytes, is a multiple of 64 and wastes at most an eighth above 1 KiB', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (bytes) => {
        const size = sizeClass(bytes)
        expect(size % 64).toBe(0)
        expect(size).toBeGreaterThanOrEqual(bytes)
        if (bytes > 1024) expect(size).toBeLessThanOrEqual(bytes * 1.125 + 64)
      }),
    )
  })

  test('blocks that are held never overlap, whatever is allocated and freed', () => {
    const heap = new SharedHeap()
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.boolean()), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(steps, (list) => {
        replay(heap, list)
      }),
      { numRuns: 50 },
    )
  })

  test('a block that is freed is given out again for the same size', () => {
    const heap = new SharedHeap()
    const first = heap.allocate(10_000)
    heap.free(first)
    expect(heap.allocate(9_900)).toBe(first)
  })

  test('the memory grows under views that stay valid', () => {
    const heap = new SharedHeap()
    const pointer = heap.allocate(64)
    const view = heap.floats(pointer, 4)
    view.set([1, 2, 3, 4])
    const before = heap.bytes
    heap.allocate(before)
    expect(heap.bytes).toBeGreaterThan(before)
    expect([...heap.floats(pointer, 4)]).toEqual([...view])
  })

  test('more than WebAssembly can hold is an error with advice', () => {
    const heap = new SharedHeap()
    expect(() => heap.allocate(2 ** 33)).toThrow(
      expect.objectContaining({ code: 'TensorMemoryExhausted' }),
    )
  })
})
