import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadKernelModules } from './kernel-modules.ts'
import { SharedHeap } from './shared-heap.ts'
import { type PoolOptions, WorkerPool } from './worker-pool.ts'

const ELEMENTS = 40_000

let folder = ''
const pools: WorkerPool[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-pool-'))
})

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close()
  await rm(folder, { recursive: true })
})

async function startPool(options: Partial<PoolOptions>) {
  const heap = new SharedHeap()
  const pool = await WorkerPool.start({
    heap,
    kernels: loadKernelModules(),
    threads: 2,
    ...options,
  })
  pools.push(pool)
  const x = heap.allocate(ELEMENTS * 4)
  heap.floats(x, ELEMENTS).fill(2)
  const double = (pointer = x): void =>
    pool.run('affine', {
      arguments: [pointer, pointer, 2, 0],
      items: ELEMENTS / 4,
      operations: ELEMENTS * 4,
    })
  return { heap, pool, x, double }
}

/** A worker program that gets ready and then does what the text says. */
async function workerProgram(afterReady: string): Promise<URL> {
  const path = join(folder, 'worker.mjs')
  const ready =
    "import { parentPort } from 'node:worker_threads'\nparentPort.postMessage('ready')\n"
  await writeFile(path, ready + afterReady)
  return pathToFileURL(path)
}

describe('the pool of kernel workers', () => {
  test('shares the items of a kernel among its threads', async () => {
    const { heap, x, double } = await startPool({ threads: 3 })
    double()
    expect(new Set(heap.floats(x, ELEMENTS))).toEqual(new Set([4]))
  })

  test('starts no worker for one thread', async () => {
    const nowhere = pathToFileURL(join(folder, 'no-such-program.mjs'))
    const { heap, x, double } = await startPool({ threads: 1, workerProgram: nowhere })
    double()
    expect(heap.floats(x, 1)[0]).toBe(4)
  })

  test('says so when a worker cannot start', async () => {
    const program = join(folder, 'ends.mjs')
    await writeFile(program, 'process.exit(3)')
    await expect(startPool({ workerProgram: pathToFileURL(program) })).rejects.toMatchObject({
      code: 'KernelWorkerFailed',
      message: 'a kernel worker ended with code 3 at its start',
    })
  })

  test('says so when a worker has died between two kernels', async () => {
    const ending = await workerProgram('process.exit(7)')
    const { double } = await startPool({ workerProgram: ending, timeoutMs: 200 })
    expect(double).toThrow(expect.objectContaining({ code: 'KernelWorkerFailed' }))
    expect(double).toThrow(/start it again/)
  })

  test('says so when a worker dies within a kernel', async () => {
    const silent = await workerProgram('setInterval(() => {}, 1000)')
    const { double } = await startPool({ workerProgram: silent, timeoutMs: 50 })
    expect(double).toThrow(
      '1 of 1 kernel workers did not finish affine in 50 ms; the results of this process can no longer be trusted: start it again',
    )
  })

  test('passes on the error of a kernel that fails in a worker', async () => {
    const { heap, double } = await startPool({})
    // The share of this thread ends before the memory does, that of the worker after it.
    const pointer = heap.bytes - ELEMENTS * 2
    expect(() => double(pointer)).toThrow(
      /^affine failed in thread 1: RuntimeError: memory access out of bounds/,
    )
  })
})
