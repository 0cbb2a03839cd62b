import { globSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { isInContext } from './docker-context.ts'
import { type Closure, importClosure } from './import-closure.ts'
import { readDockerfile, type Stage } from './read-dockerfile.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const stages = readDockerfile(read('Dockerfile'))
const ignore = read('.dockerignore')
const { dependencies } = JSON.parse(read('package.json'))

/** The programs that are started in an image: by its own command, or by that of a Job. */
const PROGRAMS = {
  operator: ['operator/main.ts'],
  trainer: ['trainer/main.ts', 'evaluator/main.ts', 'pod/reader/main.ts'],
} as const
const TARGETS = ['operator', 'trainer'] as const

function findStage(name: string): Stage {
  const found = stages.find((stage) => stage.name === name)
  if (found === undefined) throw new Error(`the Dockerfile has no stage ${name}`)
  return found
}

/** What a stage copies from the repository. */
const copiedBy = ({ copies }: Stage): string[] =>
  copies.filter(({ from }) => from === undefined).flatMap(({ sources }) => sources)

const isUnder = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => path === folder || path.startsWith(`${folder}/`))

test('everything that is copied from the repository exists in the build context', async () => {
  for (const path of stages.flatMap(copiedBy)) {
    const found = await stat(join(root, path))
    const sample = found.isDirectory() ? `${path}/any-file.ts` : path
    expect(isInContext(ignore, sample), path).toBe(true)
  }
})

test('the build context contains only what images are built from', () => {
  const excluded = ['.git/HEAD', 'node_modules/zod/index.js', 'cli/main.ts', 'out/x', '.env']
  expect(excluded.filter((path) => isInContext(ignore, path))).toEqual([])
  expect(isInContext(ignore, 'trainer/main.test.ts')).toBe(false)
})

test('the base of every image is a build argument, which can be pinned to a digest', () => {
  const bases = stages.map(({ base }) => base.replace(/\W/g, ''))
  expect(new Set(bases)).toEqual(new Set(['NODE_IMAGE', 'packages']))
})

describe.each(TARGETS)('the image %s', (target) => {
  const stage = findStage(target)
  const packages = findStage(`${target}-packages`)
  let closures: readonly Closure[]
  beforeAll(async () => {
    closures = await Promise.all(PROGRAMS[target].map((entry) => importClosure(root, entry)))
  })

  test('runs as a numeric non-root user', () => {
    expect(stage.user).toMatch(/^[1-9][0-9]*:[1-9][0-9]*$/)
  })
  test('starts one of its programs in /app', () => {
    const [node, program] = stage.command
    expect(stage.workdir).toBe('/app')
    expect(node).toBe('node')
    expect(PROGRAMS[target]).toContain(program)
  })
  test('contains every file that its programs load', () => {
    const copied = copiedBy(stage)
    const missing = closures
      .flatMap(({ files }) => [...files])
      .filter((path) => !isUnder(path, copied) || !isInContext(ignore, path))
    expect(missing).toEqual([])
  })
  test('contains every package that its programs load, as a production dependency', () => {
    const missing = closures
      .flatMap((closure) => [...closure.packages])
      .filter(([name]) => {
        const isRemoved = isUnder(`node_modules/${name}`, packages.removed)
        return isRemoved || dependencies[name] === undefined
      })
    expect(missing).toEqual([])
  })
  test('contains no folder that none of its programs loads', () => {
    const files = closures.flatMap((closure) => [...closure.files])
    const known = ['package.json', 'LICENSE']
    const idle = copiedBy(stage).filter(
      (path) => !known.includes(path) && !files.some((file) => isUnder(file, [path])),
    )
    expect(idle).toEqual([])
  })
})

test('the trainer image contains the kernels and their worker', async () => {
  const { files } = await importClosure(root, 'trainer/main.ts')
  expect(files).toContain('vision/backends/wasm/kernel-worker.ts')
  const kernels = globSync('vision/backends/wasm/kernels/compiled/*.wasm', { cwd: root })
  expect(kernels.length).toBeGreaterThan(0)
  expect(kernels.filter((path) => !isInContext(ignore, path))).toEqual([])
})
