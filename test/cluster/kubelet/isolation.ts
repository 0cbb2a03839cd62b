import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/**
 * How containers are isolated on this machine:
 * - Namespaces: each has its own processes and file tree, as in a real cluster. Needs root.
 * - Rewritten: paths in commands and variables are rewritten to folders of this machine; users and
 *   groups are ignored.
 */
export type Isolation = 'Namespaces' | 'Rewritten'

/** Starts a program as process 1 of new namespaces, which end when it or its parent does. */
export const IN_NAMESPACES = ['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL']

/** PATH of a system's programs, with those of root, which a user's shell may lack. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const run = promisify(execFile)

const TRIAL = `set -e
PATH=${SYSTEM_PATH}
mkdir -p /tmp && mount -t tmpfs tmpfs /tmp
mkdir /tmp/u /tmp/w /tmp/r
mount -t overlay overlay -o lowerdir=/,upperdir=/tmp/u,workdir=/tmp/w /tmp/r
mount -t proc proc /tmp/r/proc
chroot /tmp/r true`

/** Detects by trying what this machine allows. */
export async function detectIsolation(): Promise<Isolation> {
  const [program = '', ...args] = [...IN_NAMESPACES, 'sh', '-c', TRIAL]
  try {
    await run(program, args)
    return 'Namespaces'
  } catch {
    return 'Rewritten'
  }
}
