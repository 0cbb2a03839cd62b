import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/**
 * How containers are kept apart on this machine:
 * - Namespaces: each has its own processes and its own file tree, as in a real cluster.
 * - Rewritten: the machine allows no namespaces; paths in commands and variables are rewritten to the folders of this machine.
 */
export type Isolation =
  | { readonly kind: 'Namespaces'; readonly unshareWords: readonly string[] }
  | { readonly kind: 'Rewritten' }

const run = promisify(execFile)

const TRIAL = `set -e
mkdir -p /tmp && mount -t tmpfs tmpfs /tmp
mkdir /tmp/u /tmp/w /tmp/r
mount -t overlay overlay -o lowerdir=/,upperdir=/tmp/u,workdir=/tmp/w /tmp/r
mount -t proc proc /tmp/r/proc
chroot /tmp/r true`

const AS_ROOT = ['--mount', '--pid', '--fork', '--kill-child=KILL']
const AS_USER = ['--user', '--map-root-user', ...AS_ROOT]

/** Finds out by trying what this machine allows: as root, in a user namespace, or not at all. */
export async function detectIsolation(): Promise<Isolation> {
  for (const unshareWords of [AS_ROOT, AS_USER]) {
    try {
      await run('unshare', [...unshareWords, 'sh', '-c', TRIAL])
      return { kind: 'Namespaces', unshareWords }
    } catch {
      // Not allowed here: the next way is tried.
    }
  }
  return { kind: 'Rewritten' }
}
