import { describe, expect, it } from 'vitest'
import { rewritePaths } from './container-script.ts'

const mounts = [
  { source: '/srv/checkout', target: '/app', readOnly: true },
  { source: '/tmp/volume', target: '/app/data', readOnly: false },
]

describe('a path of a mount on a machine without namespaces', () => {
  it.each([
    ['/app', '/srv/checkout'],
    ['/app/main.ts', '/srv/checkout/main.ts'],
    ['/app/data/x', '/tmp/volume/x'],
    ['--data=/app/data,/app', '--data=/tmp/volume,/srv/checkout'],
    ['/apple', '/apple'],
    ['/my/app', '/my/app'],
    ['app', 'app'],
  ])('in %s becomes %s', (text, rewritten) => {
    expect(rewritePaths(text, mounts)).toBe(rewritten)
  })
})
