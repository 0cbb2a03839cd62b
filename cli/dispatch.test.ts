import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runNecoInProcess } from '../test/programs/run-neco-in-process.ts'
import { explainCommand } from './commands/explain.ts'
import { validateCommand } from './commands/validate.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-cli-'))
})
afterEach(() => rm(folder, { recursive: true }))

const type = (...argv: string[]) =>
  runNecoInProcess(argv, [validateCommand, explainCommand], { cwd: folder })

const nothing = { out: '' }

describe('a command line', () => {
  it.each([
    [
      'an unknown command',
      ['validat', 'x.yaml'],
      'unknown command validat; did you mean validate?\ncommands: validate, explain (neco --help)\n',
    ],
    [
      'an unknown flag',
      ['validate', 'x.yaml', '--sett', 'a=b'],
      'neco validate: unknown flag --sett; did you mean --set?\nsee neco validate --help\n',
    ],
    [
      'a flag without its value',
      ['validate', 'x.yaml', '--set'],
      'neco validate: --set needs a value: --set a.b=c\n',
    ],
    [
      'a missing operand',
      ['validate'],
      'neco validate: FILE is missing\nfor example: neco validate examples/sweep-steepness.yaml\n',
    ],
    [
      'one operand too many',
      ['explain', 'necorun', 'spec'],
      'neco explain: unexpected spec; see neco explain --help\n',
    ],
    [
      'an unknown field to explain',
      ['explain', 'necorun.spec.los'],
      'neco explain necorun.spec.los: unknown field los; did you mean loss?\n',
    ],
    ['a file that is not there', ['validate', 'x.yaml'], 'x.yaml: no such file\n'],
  ])('is rejected with exit code 2 and a hint: %s', async (_name, argv, err) => {
    expect(await type(...argv)).toEqual({ ...nothing, code: 2, err })
  })

  it('shows help with an example for every command', async () => {
    const { code, out } = await type('validate', '--help')
    expect(code).toBe(0)
    expect(out).toContain('usage: neco validate FILE [flags]')
    expect(out).toContain('  neco validate examples/sweep-steepness.yaml\n')
    expect(await type('--version')).toEqual({ code: 0, out: 'neco 1.2.3\n', err: '' })
    expect((await type('--help')).out).toContain('exit codes: 0 done, 1 some points failed')
  })

  it('reports mistakes in a manifest by file, line and field', async () => {
    const text =
      'apiVersion: neco.dev/v1alpha1\nkind: NeCoRun\nmetadata: {name: a}\nspec:\n  seed: x\n'
    await writeFile(join(folder, 'run.yaml'), text)
    const { code, err } = await type('validate', 'run.yaml')
    expect(code).toBe(2)
    expect(err).toBe(
      [
        'run.yaml:5:3: spec.data: Invalid input: expected object, received undefined\n',
        'run.yaml:5:9: spec.seed: Invalid input: expected number, received string\n',
      ].join(''),
    )
    const mended = await type(
      'validate',
      'run.yaml',
      '--set',
      'seed=3',
      '--set',
      'data={kind: Scenes, count: 8}',
    )
    expect(mended).toEqual({ code: 0, out: 'run.yaml: NeCoRun a is valid\n', err: '' })
  })

  it('explains a field as kubectl does', async () => {
    const { out } = await type('explain', 'necosweep.spec.search')
    expect(out).toBe(`\
KIND:   NeCoSweep
FIELD:  spec.search <Object>

DESCRIPTION:
  search says how points are chosen; Grid when left out.

FIELDS:
  method\t<string> -required-
      one of Grid, Random, Sobol
    method: Grid tries every combination; Random draws count points at random; Sobol
    draws count points that fill the axes evenly.
  count\t<integer>
      ≥ 1, ≤ 1000000
    count of points for Random and Sobol; for Grid a limit.
  seed\t<integer>
      ≥ 0, ≤ 2147483647
    seed of Random and Sobol; 0 when left out.
`)
  })
})
