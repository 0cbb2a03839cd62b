import { parseArgs } from 'node:util'
import { findNearestName } from '../../crds/nearest-name.ts'

export interface OperatorArguments {
  /** The configuration; every default where left out. */
  readonly config?: string
  readonly kubeconfig?: string
  readonly context?: string
}

export type ParsedOperatorArguments =
  | { readonly kind: 'Start'; readonly options: OperatorArguments }
  | { readonly kind: 'Help' }
  | { readonly kind: 'Version' }
  | { readonly kind: 'Wrong'; readonly problem: string }

const FLAGS = ['--config', '--kubeconfig', '--context'] as const

export const HELP = `neco-operator: turns NeCoSweeps into NeCoRuns, and runs into Jobs of a cluster

usage: node operator/main.ts [--config FILE] [--kubeconfig FILE] [--context NAME]

  --config FILE      YAML or JSON; every default where left out. The fields: operator/config.ts,
                     and charts/neco-operator/values.yaml, which makes this file in a cluster
  --kubeconfig FILE  the cluster; KUBECONFIG, the pod's service account or ~/.kube/config where
                     left out
  --context NAME     of the kubeconfig; its current one where left out
  --version          print the version
  --help             print this

environment: POD_NAME and POD_NAMESPACE name the holder of the Lease and its namespace,
NECO_LOG_LEVEL (debug, info, warn, error) goes before the configuration.

example:
  cat > config.yaml <<'END'
  defaults: { storage: { claim: neco }, image: registry.example/neco-trainer:0.1.0 }
  ports: { metrics: 8080, health: 8081 }
  END
  node operator/main.ts --config config.yaml --kubeconfig ~/.kube/config
  curl localhost:8081/readyz

ends with 0 after SIGTERM or SIGINT, 2 where something must be set right first (the last line says
what), 1 otherwise; a lost Lease is 1, since another replica goes on.
`

function buildUnknownFlagProblem(word: string): ParsedOperatorArguments {
  const name = word.split('=')[0] ?? word
  const nearest = findNearestName(name, [...FLAGS, '--help', '--version'])
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
  return { kind: 'Wrong', problem: `unknown argument ${name}${hint} (see --help)` }
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number]

/** What one word says: a value to start with, or the end of reading. */
function parseArgumentToken(token: Token): ParsedOperatorArguments {
  if (token.kind !== 'option')
    return buildUnknownFlagProblem(token.kind === 'positional' ? token.value : '--')
  const { name, rawName, value } = token
  if (name === 'help') return { kind: 'Help' }
  if (name === 'version') return { kind: 'Version' }
  if (!FLAGS.some((flag) => flag === `--${name}`)) return buildUnknownFlagProblem(rawName)
  if (value === undefined || value === '') {
    return { kind: 'Wrong', problem: `--${name} needs a value (see --help)` }
  }
  return { kind: 'Start', options: { [name]: value } }
}

/** Reads the words after the program's name. */
export function parseOperatorArguments(argv: readonly string[]): ParsedOperatorArguments {
  const { tokens } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      kubeconfig: { type: 'string' },
      context: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean' },
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  let options: OperatorArguments = {}
  for (const token of tokens) {
    const parsed = parseArgumentToken(token)
    if (parsed.kind !== 'Start') return parsed
    options = { ...options, ...parsed.options }
  }
  return { kind: 'Start', options }
}
