import { expect, test } from 'vitest'
import {
  findCircularImports,
  findRefusedImports,
  findStaleRules,
  type ImportRules,
} from './check-imports.ts'

const RULES: ImportRules = {
  'method/': ['zod'],
  'operator/core/': ['method/', 'type operator/ports/'],
  'operator/ports/': ['method/'],
  'operator/': ['operator/core/', 'node:fs'],
  'cli/local/': ['cli/*.ts'],
  'cli/cluster/': ['cli/*.ts'],
  'cli/': [],
}

const refuse = (path: string, source: string): string[] =>
  findRefusedImports(RULES, new Map([[path, source]]))

test.each([
  ['method/a.ts', "import { b } from './settings/b.ts'"],
  ['method/a.ts', "import { z } from 'zod'"],
  ['method/a.ts', "import { z } from 'zod/v4'"],
  ['operator/core/a.ts', "import { b } from '../../method/b.ts'"],
  ['operator/core/a.ts', "import type { B } from '../ports/b.ts'"],
  ['operator/core/a.ts', "import { type B, type C } from '../ports/b.ts'"],
  ['operator/main.ts', "import { b } from './core/b.ts'"],
  ['operator/main.ts', "import { readFileSync } from 'node:fs'"],
  ['operator/startup/a.ts', "import { b } from '../core/b.ts'"],
  ['cli/local/a.ts', "import { b } from '../study-platform.ts'"],
  ['cli/main.ts', "import { b } from './local/b.ts'"],
  ['method/a.test.ts', "import { b } from '../test/fixtures/b.ts'"],
  ['test/fixtures/b.ts', "import { b } from '../../operator/core/b.ts'"],
])('%s may write: %s', (path, source) => {
  expect(refuse(path, source)).toEqual([])
})

test.each([
  ['a folder above', 'method/a.ts', "import { b } from '../operator/core/b.ts'"],
  ['types of a folder above', 'method/a.ts', "import type { B } from '../operator/core/b.ts'"],
  ['a re-export', 'method/a.ts', "export { b } from '../operator/core/b.ts'"],
  ['an import for its effect', 'method/a.ts', "import '../operator/core/b.ts'"],
  ['a dynamic import', 'method/a.ts', "const b = await import('../operator/core/b.ts')"],
  ['the type of an import', 'method/a.ts', "let b: import('../operator/core/b.ts').B"],
  ['a worker', 'method/a.ts', "new Worker(new URL('../cli/b.ts', import.meta.url))"],
  ['a computed import', 'method/a.ts', 'const b = await import(name)'],
  ['a package', 'method/a.ts', "import pino from 'pino'"],
  ['a package of a longer name', 'method/a.ts', "import { z } from 'zod-extra'"],
  ['a module of Node', 'operator/main.ts', "import { join } from 'node:path'"],
  ['values where types are admitted', 'operator/core/a.ts', "import { b } from '../ports/b.ts'"],
  ['one value among types', 'operator/core/a.ts', "import { type B, c } from '../ports/b.ts'"],
  ['a subfolder of admitted files', 'cli/local/a.ts', "import { b } from '../report/b.ts'"],
  ['the list of the folder above', 'operator/core/a.ts', "import { readFileSync } from 'node:fs'"],
  ['a sibling', 'cli/local/a.ts', "import { b } from '../cluster/b.ts'"],
  ['test code', 'method/a.ts', "import { b } from '../test/fixtures/b.ts'"],
  ['a test', 'method/a.ts', "import { b } from './b.test.ts'"],
  ['anything from an unlisted folder', 'shed/a.ts', "import { b } from '../method/b.ts'"],
])('%s is refused', (_, path, source) => {
  expect(refuse(path, source)).toHaveLength(1)
})

test('a refusal names file, line, target and the list', () => {
  const source = ['import {', '  type B,', "} from '../../cli/b.ts'", "import 'pino'"].join('\n')
  expect(refuse('operator/core/a.ts', source)).toEqual([
    'operator/core/a.ts:3 imports types of cli/b.ts: operator/core/ may import only method/, type operator/ports/',
    'operator/core/a.ts:4 imports pino: operator/core/ may import only method/, type operator/ports/',
  ])
})

test('a circle is found once, types and workers included', () => {
  const sources = new Map([
    ['a.ts', "import { b } from './b.ts'\nimport { e } from './e.ts'"],
    ['b.ts', "\nimport type { C } from './c.ts'"],
    ['c.ts', "new Worker(new URL('./a.ts', import.meta.url))"],
    ['d.ts', "import { a } from './a.ts'"],
    ['e.ts', ''],
  ])
  expect(findCircularImports(sources)).toEqual(['a.ts:1 → b.ts:2 → c.ts:1 → a.ts'])
})

test('two circles through one file are both found', () => {
  const sources = new Map([
    ['a.ts', "import './b.ts'\nimport './c.ts'"],
    ['b.ts', "import './a.ts'"],
    ['c.ts', "import './a.ts'"],
  ])
  expect(findCircularImports(sources)).toEqual(['a.ts:1 → b.ts:1 → a.ts', 'c.ts:1 → a.ts:2 → c.ts'])
})

test('a list that names a folder or file that is gone is stale', () => {
  const rules = { 'method/': ['zod', 'type gone/', 'cli/*.ts', 'cli/gone.ts', 'node:fs'] }
  expect(findStaleRules(rules, ['method/a.ts', 'cli/local/a.ts'])).toEqual([
    'gone/',
    'cli/*.ts',
    'cli/gone.ts',
  ])
})
