import { dirname, join, resolve } from 'node:path'
import type { ObjectKey } from '../../operator/ports/objects.ts'
import { type Call, flagValue } from '../command.ts'
import { InputError } from '../input-error.ts'
import { checkInputs, type InputField, inputFields, type Volumes } from './check-inputs.ts'
import { type CheckedManifest, type Manifest, readManifest } from './read-manifest.ts'

/** Everything that `neco run` was asked for, checked. */
export interface RunOrder {
  /** The manifest as it was typed, for messages. */
  readonly file: string
  readonly manifest: Manifest
  /** The output folder. */
  readonly out: string
  readonly volumes: Volumes
  /** Files and folders that the manifest names. */
  readonly inputs: readonly InputField[]
  readonly isFresh: boolean
  /** The words to type to go on. */
  readonly again: string
}

/** Where the study of a manifest stands among objects. */
export const studyKey = (manifest: Manifest): ObjectKey => {
  const { metadata } = manifest.kind === 'NeCoRun' ? manifest.run : manifest.sweep
  return { namespace: metadata.namespace ?? 'default', name: metadata.name }
}

function volumesOf(call: Call, cwd: string, manifestFolder: string): Volumes {
  const named = (call.values.get('volume') ?? []).map((text) => {
    const split = text.indexOf('=')
    if (split < 1) throw new InputError([`--volume ${text}: write it as NAME=DIR`])
    return [text.slice(0, split), resolve(cwd, text.slice(split + 1))]
  })
  return { '': manifestFolder, ...Object.fromEntries(named) }
}

function parallelismOf(call: Call): string | undefined {
  const text = flagValue(call, 'parallelism')
  if (text === undefined || /^[1-9]\d*$/.test(text)) return text
  throw new InputError([`neco run: --parallelism ${text}: expected a whole number from 1`])
}

/** The manifest of `neco run` with what its flags change. Throws InputError. */
export const readRunManifest = (call: Call, path: string, file: string): Promise<CheckedManifest> =>
  readManifest(path, {
    file,
    overrides: call.values.get('set') ?? [],
    parallelism: parallelismOf(call),
  })

/** Reads what was typed after `neco run`. Throws InputError for a wrong manifest, and for files that it names and that are not there. */
export async function readRunOrder(call: Call, cwd: string): Promise<RunOrder> {
  const file = call.operands[0] ?? ''
  const path = resolve(cwd, file)
  const { manifest, where } = await readRunManifest(call, path, file)
  const volumes = volumesOf(call, cwd, dirname(path))
  const [spec, root] =
    manifest.kind === 'NeCoRun'
      ? [manifest.run.spec, 'spec']
      : [manifest.sweep.spec.run, 'spec.run']
  const problems = await checkInputs(spec, volumes, root)
  if (problems.length > 0) {
    throw new InputError(
      problems.map((problem) => `${where(problem)}: ${problem.path}: ${problem.message}`),
    )
  }
  const out = flagValue(call, 'out') ?? join('out', studyKey(manifest).name)
  return {
    file,
    manifest,
    out: resolve(cwd, out),
    volumes,
    inputs: inputFields(spec, volumes, root),
    isFresh: call.switches.has('fresh'),
    again: `neco run ${file} --out ${out}`,
  }
}
