import { expect } from 'vitest'
import type { Condition } from '../../../crds/condition.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import { findCondition } from '../../../operator/core/conditions.ts'
import { scriptedExecutor } from '../kubelet/scripted-executor.ts'
import { systemClock } from '../kubelet/system-clock.ts'
import { openStudyFixture, type StudyFixture, TRAINER_IMAGE } from '../sweeps/study-fixture.ts'
import type { SharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'

export type Kind = 'necosweep' | 'necorun'

/** Pods run until they are stopped. */
export const endlessPods = scriptedExecutor({ clock: systemClock, script: () => ({ exitCode: 0 }) })

export const selectCondition = (
  { status }: NeCoRun,
  type: 'Accepted' | 'Ready',
): Condition | undefined => findCondition(status?.conditions, type)

/** The whole system without a default storage claim, for studies that are not accepted at first. */
export interface AcceptanceFixture extends StudyFixture {
  readonly kubectl: (...args: readonly string[]) => Promise<string>
  /** The object, once the check holds; a sweep's status has the same conditions as a run's. */
  readonly waitForObject: (
    kind: Kind,
    name: string,
    holds: (object: NeCoRun) => boolean,
  ) => Promise<NeCoRun>
  /** The message of the operator, once it refuses the object for a reason. */
  readonly waitForRefusal: (kind: Kind, name: string, reason: string) => Promise<string>
  /** Every object in the namespace whose name begins so, but for sweeps. */
  readonly listChildren: (prefix: string) => Promise<string[]>
}

/** Opens it on the shared testbed, with one node; the caller closes it. */
export async function openAcceptanceFixture(
  testbed: SharedTestbed,
  options: { readonly name: string; readonly gpusPerNode: number },
): Promise<AcceptanceFixture> {
  const [repository, tag] = TRAINER_IMAGE.split(':')
  const limits = { 'nvidia.com/gpu': 1 }
  const study = await openStudyFixture(testbed, {
    ...options,
    executor: endlessPods,
    nodes: 1,
    values: { defaults: { image: { repository, tag }, resources: { limits } } },
  })
  const kubectl = (...args: readonly string[]): Promise<string> =>
    testbed.kubectl.ok([...args, '-n', study.namespace])
  const waitForObject: AcceptanceFixture['waitForObject'] = (kind, name, holds) =>
    waitUntil({
      what: `${kind} ${name} to be as it should`,
      withinMs: 120_000,
      look: async () => {
        const object: NeCoRun = JSON.parse(await kubectl('get', kind, name, '-o', 'json'))
        return holds(object) ? object : undefined
      },
    })
  return {
    ...study,
    kubectl,
    waitForObject,
    waitForRefusal: async (kind, name, reason) => {
      const object = await waitForObject(kind, name, (seen) => {
        const accepted = selectCondition(seen, 'Accepted')
        return accepted?.status === 'False' && accepted.reason === reason
      })
      expect(object.status?.observedGeneration).toBe(1)
      return selectCondition(object, 'Accepted')?.message ?? ''
    },
    listChildren: async (prefix) => {
      const names = await kubectl('get', 'necoruns,jobs,pods,configmaps,secrets', '-o', 'name')
      return names.split('\n').filter((name) => name.includes(`/${prefix}`))
    },
  }
}
