import { writeFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { kubeconfigText } from '../testbed/kubeconfig.ts'
import type { SharedTestbed } from '../testbed/shared-testbed.ts'
import { CHART, type Helm, objectsIn, type RenderedObject } from './helm.ts'

interface InstallOptions {
  readonly testbed: SharedTestbed
  readonly helm: Helm
  /** Of the release; it must exist. */
  readonly namespace: string
  /**
   * In addition to those of the testbed, whose CRDs exist and where no Deployment starts anything.
   */
  readonly values: object
}

/** What a process needs to be the operator of a release: its account and its configuration. */
export interface InstalledOperator {
  readonly serviceAccount: string
  /** Path of a kubeconfig with a token of the ServiceAccount. */
  readonly kubeconfig: string
  /** The content of its ConfigMap. */
  readonly config: Readonly<Record<string, unknown>>
}

const name = 'neco-operator'

/**
 * Applies the objects that the chart renders, except pods and CRDs. Throws with the output of helm
 * or kubectl.
 */
export async function installOperator(install: InstallOptions): Promise<InstalledOperator> {
  const { testbed, helm, namespace, values } = install
  const file = await helm.valuesFile({ crds: { install: false }, ...values })
  const args = ['template', name, CHART, '-n', namespace, '--values', file]
  const objects = objectsIn(await helm.ok(args))
  const items = objects.filter(({ kind }) => kind !== 'Deployment')
  const list = { apiVersion: 'v1', kind: 'List', items }
  await testbed.kubectl.ok(['apply', '-f', '-'], { input: JSON.stringify(list) })
  const kubeconfig = testbed.path(`${namespace}-${name}.kubeconfig`)
  const token = await testbed.serviceAccountToken(namespace, name)
  const { url, caFile } = testbed
  await writeFile(kubeconfig, kubeconfigText({ url, caFile, user: name, token }), { mode: 0o600 })
  const serviceAccount = `system:serviceaccount:${namespace}:${name}`
  return { serviceAccount, kubeconfig, config: configIn(items) }
}

function configIn(objects: readonly RenderedObject[]): InstalledOperator['config'] {
  const found = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)
  if (found === undefined) throw new Error(`the chart renders no ConfigMap ${name}`)
  return parse((found['data'] as { 'config.yaml': string })['config.yaml'])
}
