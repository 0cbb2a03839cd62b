import { describe, expect, it } from 'vitest'
import { rewritePaths } from './container-script.ts'

const mounts = [
  { source: '/home/me/checkout', target: '/app', readOnly: true },
  { source: '/tmp/volume', target: '/app/data', readOnly: false },
]

describe('a path of a mount on a machine without namespaces', () => {
  it.each([
    ['/app', '/home/me/checkout'],
    ['/app/main.ts', '/home/me/checkout/main.ts'],
    ['/app/data/x', '/tmp/volume/x'],
    ['--data=/app/data,/app', '--data=/tmp/volume,/home/me/checkout'],
    ['/apple', '/apple'],
    ['/my/app', '/my/app'],
    ['app', 'app'],
  ])('in %s becomes %s', (text, rewritten) => {
    expect(rewritePaths(text, mounts)).toBe(rewritten)
  })
})
