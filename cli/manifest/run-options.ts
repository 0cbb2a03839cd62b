import { dirname, join, resolve } from 'node:path'
import type { ObjectKey } from '../../kube/object-key.ts'
import { type ParsedArgs, readFlagValue } from '../command.ts'
import { InputError } from '../input-error.ts'
import { checkInputs, type InputField, listInputFields, type Volumes } from './check-inputs.ts'
import { type Manifest, readManifest, type ValidatedManifest } from './read-manifest.ts'

/** The validated options of `neco run`. */
export interface RunOptions {
  /** The manifest as it was typed, for messages. */
  readonly file: string
  readonly manifest: Manifest
  /** The output folder. */
  readonly out: string
  readonly volumes: Volumes
  /** Files and folders that the manifest names. */
  readonly inputs: readonly InputField[]
  readonly isFresh: boolean
  /** The command that resumes. */
  readonly rerunCommand: string
}

/** The key of the study of a manifest. */
export const toStudyKey = (manifest: Manifest): ObjectKey => {
  const { metadata } = manifest.kind === 'NeCoRun' ? manifest.run : manifest.sweep
  return { namespace: metadata.namespace ?? 'default', name: metadata.name }
}

function parseVolumes(args: ParsedArgs, cwd: string, manifestFolder: string): Volumes {
  const named = (args.values.get('volume') ?? []).map((text) => {
    const split = text.indexOf('=')
    if (split < 1) throw new InputError([`--volume ${text}: write it as NAME=DIR`])
    return [text.slice(0, split), resolve(cwd, text.slice(split + 1))]
  })
  return { '': manifestFolder, ...Object.fromEntries(named) }
}

function parseParallelism(args: ParsedArgs): string | undefined {
  const text = readFlagValue(args, 'parallelism')
  if (text === undefined || /^[1-9]\d*$/.test(text)) return text
  throw new InputError([`neco run: --parallelism ${text}: expected a whole number from 1`])
}

/** The manifest of `neco run` with what its flags change. Throws InputError. */
export const readRunManifest = (
  args: ParsedArgs,
  path: string,
  file: string,
): Promise<ValidatedManifest> =>
  readManifest(path, {
    file,
    overrides: args.values.get('set') ?? [],
    parallelism: parseParallelism(args),
  })

/**
 * Reads the arguments of `neco run`. Throws InputError for an invalid manifest and for missing
 * files that it names.
 */
export async function readRunOptions(args: ParsedArgs, cwd: string): Promise<RunOptions> {
  const file = args.operands[0] ?? ''
  const path = resolve(cwd, file)
  const { manifest, locate } = await readRunManifest(args, path, file)
  const volumes = parseVolumes(args, cwd, dirname(path))
  const [spec, root] =
    manifest.kind === 'NeCoRun'
      ? [manifest.run.spec, 'spec']
      : [manifest.sweep.spec.run, 'spec.run']
  const problems = await checkInputs(spec, volumes, root)
  if (problems.length > 0) {
    throw new InputError(
      problems.map((problem) => `${locate(problem)}: ${problem.path}: ${problem.message}`),
    )
  }
  const out = readFlagValue(args, 'out') ?? join('out', toStudyKey(manifest).name)
  return {
    file,
    manifest,
    out: resolve(cwd, out),
    volumes,
    inputs: listInputFields(spec, volumes, root),
    isFresh: args.switches.has('fresh'),
    rerunCommand: `neco run ${file} --out ${out}`,
  }
}
