import type { ContainerStart, Mount } from './executor.ts'
import { SYSTEM_PATH } from './isolation.ts'

export interface ScriptPlan {
  readonly start: Pick<ContainerStart, 'command' | 'workingDir' | 'mounts' | 'hosts'>
  /** A folder of this container on which its file tree is built. */
  readonly folder: string
  /** The running Node, which the image is taken to hold as `/usr/local/bin/node`. */
  readonly nodePath: string
  readonly user: number | undefined
  readonly group: number | undefined
  /** Groups besides, such as that of the pod's volumes. */
  readonly moreGroups: readonly number[]
  readonly readOnlyRoot: boolean
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Devices that every container has. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty']

const mountLines = ({ source, target, readOnly }: Mount): string =>
  `place ${quote(source)} ${quote(target)} ${readOnly ? 'ro' : 'rw'}`

/**
 * The shell script that builds a container's file tree in fresh mount and process namespaces and
 * becomes its command. The tree is this machine's, seen through an overlay, so that what the
 * container writes outside its mounts is lost with it. It writes `started` to descriptor 3 just
 * before the command runs, or why it cannot start.
 */
export function containerScript(plan: ScriptPlan): string {
  const { start, folder } = plan
  const sorted = [...start.mounts].sort((a, b) => a.target.length - b.target.length)
  return `set -e
trap 'echo "the file tree of the container cannot be built" >&3' EXIT
container_path=$PATH
PATH=${SYSTEM_PATH}
base=${quote(folder)}
mount -t tmpfs tmpfs "$base"
mkdir "$base/upper" "$base/work" "$base/root"
root="$base/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t tmpfs tmpfs "$root/dev"
mkdir -m 1777 "$root/dev/shm"
for device in ${DEVICES.join(' ')}; do
  [ -e /dev/$device ] || continue
  : > "$root/dev/$device"
  mount --bind /dev/$device "$root/dev/$device"
done
for device in /dev/nvidia*; do
  [ -c "$device" ] || continue
  : > "$root$device"
  mount --bind "$device" "$root$device"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
place() {
  if [ -d "$1" ]; then
    chroot "$root" mkdir -p -- "$2"
  else
    chroot "$root" mkdir -p -- "$(dirname -- "$2")"
    chroot "$root" touch -- "$2"
  fi
  target="$root$(chroot "$root" realpath -- "$2")"
  mount --bind "$1" "$target"
  [ "$3" = rw ] || mount -o remount,bind,ro "$target"
}
place ${quote(plan.nodePath)} /usr/local/bin/node ro
${sorted.map(mountLines).join('\n')}
${Object.entries(start.hosts)
  .map(([name, address]) => `echo ${quote(`${address} ${name}`)} >> "$root/etc/hosts"`)
  .join('\n')}
[ -d "$root"${quote(start.workingDir)} ] || chroot "$root" mkdir -p -- ${quote(start.workingDir)}
${plan.readOnlyRoot ? 'mount -o remount,ro "$root"' : ''}
chroot=$(command -v chroot)
trap - EXIT
export PATH="$container_path"
exec "$chroot" "$root" ${formatUserArgs(plan)} /bin/sh -c ${quote(EXEC_SCRIPT)} sh ${quote(start.workingDir)} ${start.command.map(quote).join(' ')}
`
}

/** The parent-death signal is cleared when the user changes, so it is set again. */
function formatUserArgs({ user, group, moreGroups }: ScriptPlan): string {
  if (user === undefined) return ''
  const groups = moreGroups.length === 0 ? '--clear-groups' : `--groups ${moreGroups.join(',')}`
  return `setpriv --reuid ${user} --regid ${group ?? 0} ${groups} --no-new-privs --pdeathsig KILL --`
}

/**
 * Becomes the command (`$2…`) in its folder (`$1`). Writes to descriptor 3 that the command is
 * missing, or else `started`.
 */
export const EXEC_SCRIPT = `cd -- "$1" || { echo "no folder $1" >&3; exit 128; }
shift
command -v -- "$1" >/dev/null || { echo "exec: \\"$1\\": executable file not found in \\$PATH" >&3; exit 128; }
echo started >&3
exec "$@" 3>&-`

/**
 * Replaces paths of mounts by what they are mounted from, for machines without namespaces. Only
 * whole leading parts of a path count.
 */
export function rewritePaths(text: string, mounts: readonly Mount[]): string {
  const longestFirst = [...mounts].sort((a, b) => b.target.length - a.target.length)
  if (longestFirst.length === 0) return text
  const alternatives = longestFirst
    .map(({ target }) => target.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('|')
  const pattern = new RegExp(`(?<![\\w./-])(${alternatives})(?=$|[/:,;\\s"'])`, 'g')
  return text.replace(
    pattern,
    (match) => mounts.find(({ target }) => target === match)?.source ?? match,
  )
}
