import { describe, expect, test } from 'vitest'
import { API_GROUP, API_VERSION, SWEEP_KIND } from '../../../crds/names.ts'
import { printMeasurement } from '../testbed/print-measurement.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { BASES, editedManifest, type Manifest, randomManifest } from './random-manifest.ts'
import {
  listTransitionErrors,
  listValidationErrors,
  RULE_MESSAGES,
} from './rule-implementations.ts'

const OBJECTS = 2000
const EDITS = 800
const AT_ONCE = 16

const testbed = sharedTestbed()

interface Verdict {
  readonly isAccepted: boolean
  /** Messages of the rules that rejected an object. */
  readonly rules: readonly string[]
  readonly text: string
}

interface Status {
  readonly details?: { readonly causes?: readonly { readonly message?: string }[] }
}

const collection = (namespace: string, { kind }: Manifest): string =>
  `/apis/${API_GROUP}/${API_VERSION}/namespaces/${namespace}/${kind === SWEEP_KIND ? 'necosweeps' : 'necoruns'}`

function parseVerdict({
  status,
  text,
}: {
  readonly status: number
  readonly text: string
}): Verdict {
  if (status < 300) return { isAccepted: true, rules: [], text: '' }
  const { details } = JSON.parse(text) as Status
  const messages = (details?.causes ?? []).map(({ message = '' }) => message)
  const rules = [...RULE_MESSAGES].filter((rule) => messages.some((text) => text.endsWith(rule)))
  return { isAccepted: false, rules, text }
}

/** Sends all requests, some at a time. */
async function askAll<T>(count: number, ask: (i: number) => Promise<T>): Promise<T[]> {
  const answers: T[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const i = next++
      answers[i] = await ask(i)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return answers
}

/** The rules that rejected at least one object, on the server and in TypeScript. */
const rulesIn = (messages: readonly string[]): string[] =>
  [...new Set(messages)].filter((message) => RULE_MESSAGES.has(message)).sort()

const DRY = 'dryRun=All&fieldValidation=Strict'

describe('the rules of both kinds', () => {
  const refusedBy = new Set<string>()

  test(`judge ${OBJECTS} random objects on the API server as in TypeScript`, async () => {
    const namespace = await testbed.newNamespace('rules')
    const manifests = Array.from({ length: OBJECTS }, (_, i) => randomManifest(i, `random-${i}`))
    const verdicts = await askAll(OBJECTS, async (i) => {
      const manifest = manifests[i] as Manifest
      const path = `${collection(namespace, manifest)}?${DRY}`
      return parseVerdict(await testbed.api({ method: 'POST', path, body: manifest }))
    })
    const disagreements = manifests.flatMap((manifest, i) => {
      const { isAccepted, rules, text } = verdicts[i] as Verdict
      const ours = listValidationErrors(manifest)
      const agree = isAccepted === (ours.length === 0)
      for (const rule of rules) refusedBy.add(rule)
      const sameRules = rulesIn(ours).join() === [...rules].sort().join()
      return agree && sameRules ? [] : [{ seed: i, ours, text }]
    })
    const refused = verdicts.filter(({ isAccepted }) => !isAccepted).length
    printMeasurement(`${refused} of ${OBJECTS} random objects refused`)
    expect(disagreements).toEqual([])
    expect(refused).toBeGreaterThan(OBJECTS * 0.4)
    expect(refused).toBeLessThan(OBJECTS * 0.6)
  })

  test(`judge ${EDITS} random edits as in TypeScript`, async () => {
    const namespace = await testbed.newNamespace('edits')
    const stored = await askAll(BASES.length, async (i) => {
      const body = { ...(BASES[i] as Manifest), metadata: { name: `base-${i}` } }
      const made = await testbed.api({ method: 'POST', path: collection(namespace, body), body })
      expect(made.status).toBe(201)
      return JSON.parse(made.text) as Manifest
    })
    const disagreements = await askAll(EDITS, async (i) => {
      const old = stored[i % stored.length] as Manifest
      const edited = editedManifest(old, i)
      const path = `${collection(namespace, edited)}/${old.metadata.name}?${DRY}`
      const { isAccepted, rules, text } = parseVerdict(
        await testbed.api({ method: 'PUT', path, body: edited }),
      )
      for (const rule of rules) refusedBy.add(rule)
      const ours = [...listValidationErrors(edited), ...listTransitionErrors(edited, old)]
      const agree = isAccepted === (ours.length === 0)
      const sameRules = rulesIn(ours).join() === [...rules].sort().join()
      return agree && sameRules ? undefined : { seed: i, ours, text }
    })
    expect(disagreements.filter((one) => one !== undefined)).toEqual([])
  })

  test('have each rejected something by now', () => {
    expect([...RULE_MESSAGES].filter((rule) => !refusedBy.has(rule))).toEqual([])
  })
})
