import { describe, expect, it } from 'vitest'
import type { RunningContainer } from './executor.ts'

/** What a container under test does. */
export type Behavior =
  | { readonly kind: 'Ends'; readonly exitCode: number; readonly message: string }
  /** Runs until it is stopped, then exits by itself. */
  | { readonly kind: 'EndsWhenStopped'; readonly exitCode: number; readonly message: string }
  | { readonly kind: 'IgnoresStop' }

/** Starts a container that behaves so, and resolves when it does. */
export type StartBehaving = (behavior: Behavior) => Promise<RunningContainer>

const LONG_MS = 60_000

/** What every executor of the kubelet does. */
export function describeExecutorContract(name: string, start: StartBehaving): void {
  describe(`containers of the ${name}`, () => {
    it('end with their exit code and termination message', async () => {
      const succeeded = await start({ kind: 'Ends', exitCode: 0, message: 'all is well' })
      expect(await succeeded.ended).toEqual({ exitCode: 0, terminationMessage: 'all is well' })
      const failed = await start({ kind: 'Ends', exitCode: 3, message: 'no data' })
      expect(await failed.ended).toEqual({ exitCode: 3, terminationMessage: 'no data' })
    })

    it('get SIGTERM first, and may write a termination message', async () => {
      const container = await start({ kind: 'EndsWhenStopped', exitCode: 5, message: 'stopped' })
      container.stop(LONG_MS)
      expect(await container.ended).toEqual({ exitCode: 5, terminationMessage: 'stopped' })
    })

    it('are killed after their grace period', async () => {
      const container = await start({ kind: 'IgnoresStop' })
      container.stop(20)
      expect(await container.ended).toMatchObject({ exitCode: 137 })
    })

    it('are killed earlier when the grace period is shortened', async () => {
      const container = await start({ kind: 'IgnoresStop' })
      container.stop(LONG_MS)
      container.stop(0)
      expect(await container.ended).toMatchObject({ exitCode: 137 })
    })

    it('may be stopped after their end', async () => {
      const container = await start({ kind: 'Ends', exitCode: 0, message: '' })
      const end = await container.ended
      container.stop(0)
      expect(await container.ended).toBe(end)
    })

    it('run commands for probes', async () => {
      const container = await start({ kind: 'IgnoresStop' })
      expect(await container.execute(['true'], LONG_MS)).toBe(0)
      container.stop(0)
      await container.ended
    })
  })
}
