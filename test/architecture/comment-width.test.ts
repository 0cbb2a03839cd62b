import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findWideComments, LINE_WIDTH } from './find-wide-comments.ts'

const root = join(import.meta.dirname, '../..')
const exclude = ['node_modules/**', 'out/**']

test('no comment runs beyond the width of a line', () => {
  const wide = globSync('**/*.ts', { cwd: root, exclude }).flatMap((path) =>
    findWideComments(readFileSync(join(root, path), 'utf8')).map((line) => `${path}:${line}`),
  )
  expect(wide).toEqual([])
})

const long = 'a'.repeat(LINE_WIDTH)

test.each([
  ['a doc comment', `/** ${long} */`],
  ['a line of a block', ` * ${long}`],
  ['a comment of one line', `  // ${long}`],
  ['a comment after code', `const mean = add(sum, 'https://x') // ${'[B, N, D] '.repeat(10)}`],
  ['a block after code', `const mean = 1 /* ${long} */`],
])('%s that is too long is found', (_, line) => {
  expect(findWideComments(`\n${line}\n`)).toEqual([2])
})

test.each([
  ['a comment that just fits', `//${'a'.repeat(LINE_WIDTH - 2)}`],
  ['characters of two code units', `// ${'𝜏'.repeat(LINE_WIDTH - 3)}`],
  ['a long string', `const text = '${long}'`],
  ['a long string with slashes', `const text = 'see // ${long}'`],
])('%s is left alone', (_, line) => {
  expect(findWideComments(line)).toEqual([])
})
