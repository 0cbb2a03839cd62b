import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findCircularImports, findRefusedImports, findStaleRules } from './check-imports.ts'
import { IMPORT_RULES } from './import-rules.ts'
import { parseImports } from './parse-imports.ts'

const root = join(import.meta.dirname, '../..')
const exclude = ['node_modules/**', 'out/**', '**/kernels/assembly/**']
const paths = globSync('**/*.ts', { cwd: root, exclude })
const sources = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))

test('a folder imports only what its list admits', () => {
  expect(findRefusedImports(IMPORT_RULES, sources)).toEqual([])
})

test('no file imports itself by way of others', () => {
  expect(findCircularImports(sources)).toEqual([])
})

test('every folder and file that a list names is there', () => {
  expect(findStaleRules(IMPORT_RULES, paths)).toEqual([])
})

test('no import statement of product code escapes the parser', () => {
  const missed = [...sources].filter(([path, source]) => {
    if (path.startsWith('test/') || path.endsWith('.test.ts')) return false
    const statements = source.match(/^import\b|^export\b[^=;(]*\bfrom '/gm) ?? []
    return parseImports(source).length < statements.length
  })
  expect(missed.map(([path]) => path)).toEqual([])
})
