import { describe, expect, it } from 'vitest'
import type { ContainerStart } from './executor.ts'
import { type Behavior, describeExecutorContract } from './executor-contract.ts'
import type { Container } from './pod-object.ts'
import { type ScriptedRun, scriptedExecutor } from './scripted-executor.ts'
import { systemClock } from './system-clock.ts'

const container: Container = { name: 'main', image: 'image' }
const start: ContainerStart = {
  pod: {
    metadata: { name: 'pod', namespace: 'default', uid: 'uid' },
    spec: { containers: [container] },
  },
  container,
  command: [],
  environment: {},
  workingDir: '/app',
  mounts: [],
  folder: '',
  logPath: '',
  hosts: {},
}

function toScriptedRun(behavior: Behavior): ScriptedRun {
  if (behavior.kind === 'IgnoresStop') return { exitCode: 0, onStop: 'Ignores' }
  const { exitCode, message: terminationMessage } = behavior
  const end = { exitCode, terminationMessage }
  return behavior.kind === 'Ends' ? { afterMs: 1, ...end } : { exitCode: 0, onStop: end }
}

describeExecutorContract('scripted executor', (behavior) =>
  scriptedExecutor({ clock: systemClock, script: () => toScriptedRun(behavior) }).start(start),
)

describe('a script', () => {
  it('determines how each container of each pod ends, and delivers its reports before', async () => {
    const delivered: unknown[] = []
    const executor = scriptedExecutor({
      clock: systemClock,
      script: (pod, { name }) => ({
        afterMs: 1,
        exitCode: 137,
        reason: 'OOMKilled',
        terminationMessage: `${pod.metadata.name}/${name}`,
        reports: [{ step: 1 }],
      }),
      deliver: async (_, reports) => void delivered.push(...reports),
    })
    const { ended } = await executor.start(start)
    const message = { reason: 'OOMKilled', terminationMessage: 'pod/main' }
    expect(await ended).toEqual({ exitCode: 137, ...message })
    expect(delivered).toEqual([{ step: 1 }])
  })
})
