import { describe, expect, test } from 'vitest'
import { HELP, readArguments } from './arguments.ts'

describe('the arguments of the operator', () => {
  test('may all be left out', () => {
    expect(readArguments([])).toEqual({ kind: 'Start', given: {} })
  })

  test('name the files and the context', () => {
    const words = ['--config', 'c.yaml', '--kubeconfig=k', '--context', 'lab']
    expect(readArguments(words)).toEqual({
      kind: 'Start',
      given: { config: 'c.yaml', kubeconfig: 'k', context: 'lab' },
    })
  })

  test('that are mistyped say what was probably meant', () => {
    expect(readArguments(['--confg', 'c'])).toEqual({
      kind: 'Wrong',
      problem: 'unknown argument --confg; did you mean --config? (see --help)',
    })
    expect(readArguments(['start'])).toMatchObject({ problem: expect.stringContaining('start') })
    expect(readArguments(['--config'])).toMatchObject({
      problem: '--config needs a value (see --help)',
    })
  })

  test('ask for help, in lines that fit a terminal', () => {
    expect(readArguments(['--config', 'c', '-h']).kind).toBe('Help')
    expect(readArguments(['--version']).kind).toBe('Version')
    expect(HELP.split('\n').filter((line) => line.length > 100)).toEqual([])
  })
})
