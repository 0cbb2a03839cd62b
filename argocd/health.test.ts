import { describe, expect, test } from 'vitest'
import {
  buildConditions,
  CONDITIONS_BY_STATE,
  type ObjectState,
} from '../operator/core/conditions.ts'
import { evaluateArgoHealth } from '../test/fixtures/evaluate-argo-health.ts'

const evaluateHealth = (object: object, kind: 'NeCoRun' | 'NeCoSweep' = 'NeCoSweep') =>
  evaluateArgoHealth(object, kind)

interface StateCase {
  readonly state: ObjectState
  readonly generation?: number
  readonly busDegraded?: boolean
}

function buildObjectInState(
  { state, generation = 1, busDegraded = false }: StateCase,
  newest = generation,
) {
  const message = `it is ${state}`
  const bus = { busState: busDegraded ? 'Degraded' : 'Connected' } as const
  const conditions = buildConditions({ state, message, generation, nowMs: 0, bus })
  return { metadata: { name: 'study', generation: newest }, status: { conditions } }
}

/** The last column of the truth table. */
const HEALTH: Readonly<Record<ObjectState, string>> = {
  Queued: 'Progressing',
  Running: 'Progressing',
  Suspended: 'Suspended',
  Succeeded: 'Healthy',
  PartlyFailed: 'Healthy',
  Failed: 'Degraded',
  NotAccepted: 'Degraded',
}
const STATES = Object.keys(CONDITIONS_BY_STATE) as ObjectState[]

describe.each(['NeCoRun', 'NeCoSweep'] as const)('the health in Argo CD of a %s', (kind) => {
  test.each(STATES)('that is %s is that of its row, with a message', async (state) => {
    const health = await evaluateHealth(buildObjectInState({ state }), kind)
    expect(health).toEqual({ status: HEALTH[state], message: `it is ${state}` })
  })
  test.each(STATES)('that is %s does not depend on NATS', async (state) => {
    const health = await evaluateHealth(buildObjectInState({ state, busDegraded: true }), kind)
    expect(health).toMatchObject({ status: HEALTH[state] })
  })
})

describe('an object is progressing', () => {
  const PROGRESSING = { status: 'Progressing' }
  const metadata = { generation: 1 }

  test.each([
    ['without a status', { metadata }],
    ['with an empty status', { metadata, status: {} }],
    ['without any condition', { metadata, status: { conditions: [] } }],
    [
      'before its condition Ready',
      { metadata, status: { conditions: [{ type: 'Accepted', status: 'True' }] } },
    ],
  ])('%s', async (_when, obj) => {
    expect(await evaluateHealth(obj)).toMatchObject(PROGRESSING)
  })
  test.each(['Queued', 'Running', 'Suspended', 'NotAccepted'] as const)(
    'while the operator has seen only an older spec, in which it was %s',
    async (state) => {
      expect(await evaluateHealth(buildObjectInState({ state, generation: 1 }, 2))).toMatchObject(
        PROGRESSING,
      )
    },
  )
})

test.each(['Succeeded', 'PartlyFailed', 'Failed'] as const)(
  'an object that ended as %s stays what it is when its spec is edited afterwards',
  async (state) => {
    const health = await evaluateHealth(buildObjectInState({ state, generation: 1 }, 2))
    expect(health).toMatchObject({ status: HEALTH[state] })
  },
)

test('a condition without a message is described by its reason', async () => {
  const { metadata, status } = buildObjectInState({ state: 'Suspended' })
  const conditions = status.conditions.map((condition) => ({ ...condition, message: '' }))
  expect(await evaluateHealth({ metadata, status: { conditions } })).toEqual({
    status: 'Suspended',
    message: 'Suspended',
  })
})
