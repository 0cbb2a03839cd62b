import { describe, expect, test } from 'vitest'
import { HELP, parseOperatorArguments } from './operator-arguments.ts'

describe('the arguments of the operator', () => {
  test('may all be left out', () => {
    expect(parseOperatorArguments([])).toEqual({ kind: 'Start', options: {} })
  })

  test('name the files and the context', () => {
    const argv = ['--config', 'c.yaml', '--kubeconfig=k', '--context', 'lab']
    expect(parseOperatorArguments(argv)).toEqual({
      kind: 'Start',
      options: { config: 'c.yaml', kubeconfig: 'k', context: 'lab' },
    })
  })

  test('that are mistyped say what was probably meant', () => {
    expect(parseOperatorArguments(['--confg', 'c'])).toEqual({
      kind: 'Wrong',
      problem: 'unknown argument --confg; did you mean --config? (see --help)',
    })
    expect(parseOperatorArguments(['start'])).toMatchObject({
      problem: expect.stringContaining('start'),
    })
    expect(parseOperatorArguments(['--config'])).toMatchObject({
      problem: '--config needs a value (see --help)',
    })
  })

  test('ask for help, in lines that fit a terminal', () => {
    expect(parseOperatorArguments(['--config', 'c', '-h']).kind).toBe('Help')
    expect(parseOperatorArguments(['--version']).kind).toBe('Version')
    expect(HELP.split('\n').filter((line) => line.length > 100)).toEqual([])
  })
})
