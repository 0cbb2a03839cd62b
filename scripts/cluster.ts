import { once } from 'node:events'
import { startBed } from '../test/cluster/bed/bed.ts'
import { ensureComponents } from '../test/cluster/bed/ensure-components.ts'
import { startNats } from '../test/cluster/bed/nats-bed.ts'

/** Starts a cluster to play with, says how to use it, and ends it with Ctrl-C. */

const say = (line: string): void => console.log(line)

async function run(): Promise<void> {
  const asked = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)))
  const components = await ensureComponents(say)
  if (components.kind === 'Missing') {
    components.lines.forEach(say)
    process.exitCode = 1
    return
  }
  const bed = await startBed({ programs: components.paths, log: say })
  const { folder, programs, controlPlane } = bed
  const nats = await startNats({ folder, program: programs['nats-server'] })
  say(`
export KUBECONFIG=${controlPlane.kubeconfig('admin')}

kubectl apply -f examples/sweep-steepness.yaml
kubectl get necosweeps,necoruns

kubectl   ${programs.kubectl}
NATS      ${nats.url} (account ${nats.account})
          CA ${nats.caFile}
          signing seed ${nats.accountSigningSeedFile}
          credentials ${nats.operatorCredsFile}
logs      ${folder.path}

Ctrl-C ends it all and removes the folder.`)
  await asked
  await nats.close()
  await bed.close()
}

await run()
