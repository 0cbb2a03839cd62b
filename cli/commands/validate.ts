import { resolve } from 'node:path'
import type { Command, ParsedArgs } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { type Manifest, readManifest } from '../manifest/read-manifest.ts'
import type { Shell } from '../shell.ts'

const toManifestName = (manifest: Manifest): string =>
  manifest.kind === 'NeCoRun' ? manifest.run.metadata.name : manifest.sweep.metadata.name

async function runValidate(args: ParsedArgs, shell: Shell) {
  const file = args.operands[0] ?? ''
  const { manifest } = await readManifest(resolve(shell.cwd, file), {
    file,
    overrides: args.values.get('set') ?? [],
  })
  shell.write(`${file}: ${manifest.kind} ${toManifestName(manifest)} is valid\n`)
  return EXIT.Done
}

export const validateCommand: Command = {
  name: 'validate',
  summary: 'check a manifest and say what is wrong with it, by file, line and field',
  operands: [{ name: 'FILE', required: true }],
  flags: {
    set: {
      value: 'a.b=c',
      repeatable: true,
      description: 'change a field before checking; spec. and spec.run. may be left out',
    },
  },
  notes: ['Checks what is written; whether data and weights are there is checked by neco run.'],
  examples: ['neco validate examples/sweep-steepness.yaml'],
  run: runValidate,
}
