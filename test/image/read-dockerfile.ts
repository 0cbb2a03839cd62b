export interface Copy {
  /** The stage that is copied from; the build context where undefined. */
  readonly from: string | undefined
  readonly sources: readonly string[]
  readonly target: string
}

export interface Stage {
  readonly name: string
  readonly base: string
  readonly copies: readonly Copy[]
  readonly removed: readonly string[]
  readonly user: string | undefined
  readonly workdir: string | undefined
  readonly command: readonly string[]
}

const EMPTY = { copies: [], removed: [], user: undefined, workdir: undefined, command: [] }

/** Instructions without comments, each on one line. */
const splitInstructions = (text: string): string[] =>
  text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

function parseCopyInstruction(rest: string): Copy {
  const args = rest.split(/\s+/)
  const paths = args.filter((arg) => !arg.startsWith('--'))
  const flag = args.find((arg) => arg.startsWith('--from='))
  return {
    from: flag?.slice('--from='.length),
    sources: paths.slice(0, -1),
    target: paths.at(-1) ?? '',
  }
}

const listRemovedPaths = (rest: string): string[] =>
  [...rest.matchAll(/\brm -rf ([^&]+)/g)].flatMap(([, paths = '']) => paths.trim().split(/\s+/))

function applyInstruction(stage: Stage, instruction: string, rest: string): Stage {
  switch (instruction) {
    case 'COPY':
      return { ...stage, copies: [...stage.copies, parseCopyInstruction(rest)] }
    case 'RUN':
      return { ...stage, removed: [...stage.removed, ...listRemovedPaths(rest)] }
    case 'USER':
      return { ...stage, user: rest }
    case 'WORKDIR':
      return { ...stage, workdir: rest }
    case 'CMD':
      return { ...stage, command: JSON.parse(rest) }
    default:
      return stage
  }
}

/**
 * The stages of a Dockerfile, by the few instructions that ours uses; ADD is refused, since it may
 * fetch.
 */
export function readDockerfile(text: string): readonly Stage[] {
  const stages: Stage[] = []
  for (const line of splitInstructions(text)) {
    const [instruction = '', ...args] = line.split(/\s+/)
    const rest = args.join(' ')
    if (instruction === 'ADD') throw new Error(`ADD may download unreviewed files: ${line}`)
    const stage = stages.pop()
    if (instruction === 'FROM') {
      const [base = '', , name = ''] = args
      if (stage !== undefined) stages.push(stage)
      stages.push({ ...EMPTY, name, base })
    } else if (stage !== undefined) stages.push(applyInstruction(stage, instruction, rest))
  }
  return stages
}
