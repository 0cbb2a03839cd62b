import { describe, expect, it } from 'vitest'
import { containerEnvironment, expandReferences } from './container-env.ts'
import type { KeyedObjects } from './keyed-objects.ts'
import type { Container } from './pod-object.ts'

const placed = {
  pod: {
    metadata: {
      name: 'pod',
      namespace: 'study',
      uid: 'uid-1',
      labels: { 'neco.dev/run': 'run-1' },
      annotations: { note: 'a note' },
    },
    spec: { containers: [], nodeName: 'gpu-0' },
  },
  podIp: '127.64.0.1',
  hostIp: '127.0.0.1',
}
const objects: KeyedObjects = {
  namespace: 'study',
  configMaps: new Map([
    ['settings', new Map([['threads', Buffer.from('2')]])],
    ['more', new Map([['epochs', Buffer.from('3')]])],
  ]),
  secrets: new Map([['bus', new Map([['creds', Buffer.from('secret')]])]]),
  claims: new Map(),
  tokens: new Map(),
}
const resolveEnvironment = (container: Partial<Container>) =>
  containerEnvironment(
    { name: 'main', ...container },
    { placed, objects, base: { PATH: '/usr/bin' } },
  )
const buildFieldVariable = (fieldPath: string) =>
  resolveEnvironment({ env: [{ name: 'FIELD', valueFrom: { fieldRef: { fieldPath } } }] })

describe('the environment of a container', () => {
  it.each([
    ['metadata.name', 'pod'],
    ['metadata.namespace', 'study'],
    ['metadata.uid', 'uid-1'],
    ["metadata.labels['neco.dev/run']", 'run-1'],
    ["metadata.annotations['note']", 'a note'],
    ["metadata.labels['none']", ''],
    ['spec.nodeName', 'gpu-0'],
    ['status.podIP', '127.64.0.1'],
    ['status.hostIP', '127.0.0.1'],
  ])('has %s of the pod by reference', (fieldPath, value) => {
    expect(buildFieldVariable(fieldPath)).toMatchObject({ ok: true, value: { FIELD: value } })
  })

  it('has the keys of config maps and secrets, whole ones before single ones', () => {
    const found = resolveEnvironment({
      envFrom: [{ configMapRef: { name: 'settings' }, prefix: 'NECO_' }],
      env: [
        { name: 'CREDS', valueFrom: { secretKeyRef: { name: 'bus', key: 'creds' } } },
        { name: 'EPOCHS', valueFrom: { configMapKeyRef: { name: 'more', key: 'epochs' } } },
        { name: 'BOTH', value: '$(NECO_threads) of $(EPOCHS)' },
      ],
    })
    expect(found).toEqual({
      ok: true,
      value: {
        PATH: '/usr/bin',
        HOSTNAME: 'pod',
        NECO_threads: '2',
        CREDS: 'secret',
        EPOCHS: '3',
        BOTH: '2 of 3',
      },
    })
  })

  it('reports the missing object or key, unless it is optional', () => {
    const secretKeyRef = { name: 'none', key: 'creds' }
    const variable = { name: 'CREDS', valueFrom: { secretKeyRef } }
    expect(resolveEnvironment({ env: [variable] })).toEqual({
      ok: false,
      message: 'secret "none" not found',
    })
    const key = { name: 'X', valueFrom: { configMapKeyRef: { name: 'more', key: 'none' } } }
    expect(resolveEnvironment({ env: [key] })).toEqual({
      ok: false,
      message: "couldn't find key none in ConfigMap study/more",
    })
    const optional = { valueFrom: { secretKeyRef: { ...secretKeyRef, optional: true } } }
    expect(resolveEnvironment({ env: [{ name: 'CREDS', ...optional }] })).toEqual({
      ok: true,
      value: { PATH: '/usr/bin', HOSTNAME: 'pod' },
    })
  })

  it('rejects an unknown field path', () => {
    expect(buildFieldVariable('status.phase')).toEqual({
      ok: false,
      message: 'unsupported fieldPath: status.phase',
    })
  })
})

describe('references in a text', () => {
  it('are expanded when they are known, left as they are otherwise, and escaped by a second dollar', () => {
    expect(expandReferences('$(A) $(NONE) $$(A) $A', { A: 'x' })).toBe('x $(NONE) $(A) $A')
  })
})
