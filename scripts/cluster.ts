import { once } from 'node:events'
import { join } from 'node:path'
import {
  CLAIM,
  OPERATOR,
  openStudyFixture,
  type StudyFixture,
  TRAINER_IMAGE,
} from '../test/cluster/sweeps/study-fixture.ts'
import { type ComponentPaths, ensureComponents } from '../test/cluster/testbed/ensure-components.ts'
import { startTestbed, type Testbed } from '../test/cluster/testbed/testbed.ts'
import { connectTestbed, toTestbedInfo } from '../test/cluster/testbed/testbed-info.ts'

/** Starts a local cluster with the operator, prints how to use it, and ends it with Ctrl-C. */

const printLine = (line: string): void => console.log(line)

const checkout = join(import.meta.dirname, '..')

const formatInstructions = (
  { controlPlane, programs, folder }: Testbed,
  { nats, storage, system }: StudyFixture,
) => `
export KUBECONFIG=${controlPlane.kubeconfig('admin')}
export PATH=${join(programs.kubectl, '..')}:$PATH

kubectl apply -f examples/sweep-steepness.yaml
kubectl get necosweeps,necoruns,pods
kubectl wait --for=condition=Complete necosweep/sweep-steepness --timeout=10m
npx neco watch sweep-steepness --cluster
npx neco results sweep-steepness --cluster

operator  two pods in namespace ${system}: kubectl logs -n ${system} deployment/${OPERATOR}
claim     ${CLAIM} in namespace default, ${storage}
image     ${TRAINER_IMAGE}: this checkout, ${checkout}
NATS      ${nats.url} (account ${nats.account})
          CA ${nats.caFile}
          signing seed ${nats.accountSigningSeedFile}
          credentials ${nats.operatorCredsFile}
logs      ${folder.path}

Ctrl-C ends everything and removes the folder.`

async function runCluster(programs: ComponentPaths, end: Promise<unknown>): Promise<void> {
  const testbed = await startTestbed({ programs, log: printLine })
  const values = { watchNamespaces: [] }
  const fixture = await openStudyFixture(connectTestbed(toTestbedInfo(testbed)), {
    name: 'neco',
    namespace: 'default',
    values,
  })
  const deployment = `deployment/${OPERATOR}`
  await testbed.kubectl.ok(['rollout', 'status', deployment, '-n', fixture.system, '--timeout=5m'])
  printLine(formatInstructions(testbed, fixture))
  await end
  await fixture.close()
  await testbed.close()
}

const end = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)))
const components = await ensureComponents(printLine)
if (components.kind === 'Ready') await runCluster(components.paths, end)
else {
  components.lines.forEach(printLine)
  process.exitCode = 1
}
