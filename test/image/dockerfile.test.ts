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

/** What a stage takes from the repository. */
const copiedBy = ({ copies }: Stage): string[] =>
  copies.filter(({ from }) => from === undefined).flatMap(({ sources }) => sources)

const isUnder = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => path === folder || path.startsWith(`${folder}/`))

test('everything that is copied from the repository is there and goes to the builder', async () => {
  for (const path of stages.flatMap(copiedBy)) {
    const found = await stat(join(root, path))
    const sample = found.isDirectory() ? `${path}/any-file.ts` : path
    expect(isInContext(ignore, sample), path).toBe(true)
  }
})

test('nothing goes to the builder but what images are made of', () => {
  const strangers = ['.git/HEAD', 'node_modules/zod/index.js', 'cli/main.ts', 'out/x', '.env']
  expect(strangers.filter((path) => isInContext(ignore, path))).toEqual([])
  expect(isInContext(ignore, 'trainer/main.test.ts')).toBe(false)
})

test('the base of every image is the argument that a digest can be given to', () => {
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

  test('runs as a user by number that is not root', () => {
    expect(stage.user).toMatch(/^[1-9][0-9]*:[1-9][0-9]*$/)
  })
  test('starts one of its programs in /app', () => {
    const [node, program] = stage.command
    expect(stage.workdir).toBe('/app')
    expect(node).toBe('node')
    expect(PROGRAMS[target]).toContain(program)
  })
  test('holds every file that its programs load', () => {
    const copied = copiedBy(stage)
    const missing = closures
      .flatMap(({ files }) => [...files])
      .filter((path) => !isUnder(path, copied) || !isInContext(ignore, path))
    expect(missing).toEqual([])
  })
  test('holds every package that its programs load, as a dependency of production', () => {
    const missing = closures
      .flatMap((closure) => [...closure.packages])
      .filter(([name]) => {
        const isRemoved = isUnder(`node_modules/${name}`, packages.removed)
        return isRemoved || dependencies[name] === undefined
      })
    expect(missing).toEqual([])
  })
  test('holds no folder that none of its programs loads', () => {
    const files = closures.flatMap((closure) => [...closure.files])
    const known = ['package.json', 'LICENSE']
    const idle = copiedBy(stage).filter(
      (path) => !known.includes(path) && !files.some((file) => isUnder(file, [path])),
    )
    expect(idle).toEqual([])
  })
})

test('the kernels and the worker that runs them go into the trainer', async () => {
  const { files } = await importClosure(root, 'trainer/main.ts')
  expect(files).toContain('vision/backends/wasm/kernel-worker.ts')
  const kernels = globSync('vision/backends/wasm/kernels/compiled/*.wasm', { cwd: root })
  expect(kernels.length).toBeGreaterThan(0)
  expect(kernels.filter((path) => !isInContext(ignore, path))).toEqual([])
})
