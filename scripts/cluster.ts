import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Bed, startBed } from '../test/cluster/bed/bed.ts'
import { type ComponentPaths, ensureComponents } from '../test/cluster/bed/ensure-components.ts'
import { makeLocalClaim } from '../test/cluster/bed/local-claim.ts'
import { type NatsBed, startNats } from '../test/cluster/bed/nats-bed.ts'
import { type Kubelet, startKubelet } from '../test/cluster/kubelet/kubelet.ts'

/** Starts a cluster to play with, says how to use it, and ends it with Ctrl-C. */

const CLAIM = 'neco-storage'
const IMAGES = ['neco-operator/operator', 'neco-operator/trainer']
const NODES = ['node-a', 'node-b']

const say = (line: string): void => console.log(line)

/** Two nodes whose images are this checkout, so that pods run what stands here. */
async function startNodes({ controlPlane, folder }: Bed): Promise<Kubelet> {
  const checkout = join(import.meta.dirname, '..')
  const home = join(folder.path, 'kubelet')
  await mkdir(home)
  return startKubelet({
    api: { ...controlPlane, token: controlPlane.tokens['kubelet'] ?? '' },
    nodes: NODES.map((name) => ({ name, gpus: 2 })),
    images: Object.fromEntries(IMAGES.map((name) => [`${name}:dev`, { root: checkout }])),
    folder: home,
    log: () => undefined,
  })
}

const howTo = ({ controlPlane, programs, folder }: Bed, nats: NatsBed): string => `
export KUBECONFIG=${controlPlane.kubeconfig('admin')}
export PATH=${join(programs.kubectl, '..')}:$PATH

kubectl apply -f examples/sweep-steepness.yaml
kubectl get necosweeps,necoruns,pods

claim     ${CLAIM} in namespace default, ${join(folder.path, 'storage')}
images    ${IMAGES.map((name) => `${name}:dev`).join(', ')}: this checkout
NATS      ${nats.url} (account ${nats.account})
          CA ${nats.caFile}
          signing seed ${nats.accountSigningSeedFile}
          credentials ${nats.operatorCredsFile}
logs      ${folder.path}

Ctrl-C ends it all and removes the folder.`

async function play(programs: ComponentPaths, end: Promise<unknown>): Promise<void> {
  const bed = await startBed({ programs, log: say })
  const { folder, kubectl } = bed
  const nats = await startNats({ folder, program: programs['nats-server'] })
  const path = join(folder.path, 'storage')
  await makeLocalClaim(kubectl, { namespace: 'default', name: CLAIM, path })
  const kubelet = await startNodes(bed)
  say(howTo(bed, nats))
  await end
  await kubelet.close('Keep')
  await nats.close()
  await bed.close()
}

const end = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)))
const components = await ensureComponents(say)
if (components.kind === 'Ready') await play(components.paths, end)
else {
  components.lines.forEach(say)
  process.exitCode = 1
}
