import { randomBytes } from 'node:crypto'

export interface TokenUser {
  readonly name: string
  readonly groups: readonly string[]
  readonly token: string
}

/**
 * The users of every testbed: `admin` sets up, `kubelet` runs the nodes (so that the audit log
 * tells its writes from admin's), `stranger` has no permissions.
 */
const ALWAYS = [
  ['admin', ['system:masters']],
  ['kubelet', ['system:masters']],
  ['system:kube-controller-manager', []],
  ['system:kube-scheduler', []],
  ['stranger', []],
] as const satisfies readonly (readonly [string, readonly string[]])[]

/** Users with new tokens: those of every testbed, and more by name and groups. */
export function makeTokenUsers(
  more: Readonly<Record<string, readonly string[]>>,
): readonly TokenUser[] {
  return [...ALWAYS, ...Object.entries(more)].map(([name, groups]) => ({
    name,
    groups,
    token: randomBytes(24).toString('hex'),
  }))
}

/** The file the API server reads once, when it starts: token, user, uid, groups. */
export const tokenFile = (users: readonly TokenUser[]): string =>
  users
    .map(({ token, name, groups }) => `${token},"${name}","${name}","${groups.join(',')}"\n`)
    .join('')

/** The token of a user. Throws for an unknown one. */
export function findUserToken(users: readonly TokenUser[], name: string): string {
  const user = users.find((candidate) => candidate.name === name)
  if (user === undefined) throw new Error(`${name}: the testbed has no such user`)
  return user.token
}
