import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/**
 * How containers are kept apart on this machine:
 * - Namespaces: each has its own processes and its own file tree, as in a real cluster. It takes root.
 * - Rewritten: paths in commands and variables are rewritten to the folders of this machine; users and groups are not obeyed.
 */
export type Isolation = 'Namespaces' | 'Rewritten'

/** Starts a program as process 1 of new namespaces, which end when it or its parent does. */
export const IN_NAMESPACES = ['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL']

/** Where a system keeps its programs, also those of root, which a shell of a user may not look for. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const run = promisify(execFile)

const TRIAL = `set -e
PATH=${SYSTEM_PATH}
mkdir -p /tmp && mount -t tmpfs tmpfs /tmp
mkdir /tmp/u /tmp/w /tmp/r
mount -t overlay overlay -o lowerdir=/,upperdir=/tmp/u,workdir=/tmp/w /tmp/r
mount -t proc proc /tmp/r/proc
chroot /tmp/r true`

/** Finds out by trying what this machine allows. */
export async function detectIsolation(): Promise<Isolation> {
  const [program = '', ...args] = [...IN_NAMESPACES, 'sh', '-c', TRIAL]
  try {
    await run(program, args)
    return 'Namespaces'
  } catch {
    return 'Rewritten'
  }
}
