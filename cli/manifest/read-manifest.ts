import { readFile } from 'node:fs/promises'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { SWEEP_KIND } from '../../crds/names.ts'
import type { NeCoRun } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { type ParsedManifest, type Problem, parseManifest } from '../../crds/parse-manifest.ts'
import { validateRun, validateSweep } from '../../operator/core/validate-sweep.ts'
import { InputError } from '../input-error.ts'
import { type Override, setField, setOverride } from './set-override.ts'
import { type Written, whereWrong } from './where-wrong.ts'

export type Manifest =
  | { readonly kind: 'NeCoRun'; readonly run: NeCoRun }
  | { readonly kind: 'NeCoSweep'; readonly sweep: NeCoSweep }

interface Source {
  /** The file as it was typed, for messages. */
  readonly file: string
  readonly text: string
  readonly overrides: readonly string[]
  /** What --parallelism says; a NeCoRun has none. */
  readonly parallelism?: string | undefined
}

export interface CheckedManifest {
  readonly manifest: Manifest
  /** Where a field was written, for what is found wrong with it later: a flag with its value, or file, line and column. */
  readonly where: (problem: Problem) => string
}

/** Reads a manifest file, applies what flags change and checks it. Throws InputError naming file, line and field, or the flag. */
export async function readManifest(
  path: string,
  options: Omit<Source, 'text'>,
): Promise<CheckedManifest> {
  return checkedManifest({ ...options, text: await readText(path, options.file) })
}

async function readText(path: string, file: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const reason = code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`
    throw new InputError([`${file}: ${reason}`], { cause })
  }
}

function documentOf({ file, text }: Source): Omit<Written, 'overrides'> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const syntax = document.errors.map(({ pos, message }) => {
    const { line, col } = lines.linePos(pos[0])
    return `${file}:${line}:${col}: ${message}`
  })
  if (syntax.length > 0) throw new InputError(syntax)
  if (document.contents === null) throw new InputError([`${file}: the file is empty`])
  return { file, document, lines }
}

function applyFlags(document: Document, { overrides, parallelism }: Source): readonly Override[] {
  const set = overrides.map((text) => setOverride(document, text))
  if (parallelism === undefined || document.get('kind') !== SWEEP_KIND) return set
  const override = { flag: `--parallelism ${parallelism}`, keys: ['spec', 'parallelism'] }
  setField(document, override, Number(parallelism))
  return [...set, override]
}

type Checked =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly problems: readonly Problem[] }

function check(document: Document): Checked {
  const parsed = parseManifest(document.toJS())
  if (!parsed.ok) return parsed
  const manifest = manifestFrom(parsed)
  const problems =
    manifest.kind === 'NeCoRun' ? validateRun(manifest.run) : validateSweep(manifest.sweep)
  return problems.length > 0 ? { ok: false, problems } : { ok: true, manifest }
}

/** Checks the text of a manifest with what flags change. Throws InputError. */
export const manifestOf = (source: Source): Manifest => checkedManifest(source).manifest

function checkedManifest(source: Source): CheckedManifest {
  const { document, ...place } = documentOf(source)
  const asWritten = document.clone()
  const overrides = applyFlags(document, source)
  const checked = check(document)
  const written = { ...place, document, overrides }
  if (checked.ok) return { manifest: checked.manifest, where: whereWrong(written, []) }
  const own = check(asWritten)
  const where = whereWrong(written, own.ok ? [] : own.problems)
  throw new InputError(
    checked.problems.map((problem) => `${where(problem)}: ${problem.path}: ${problem.message}`),
  )
}

const manifestFrom = (parsed: Extract<ParsedManifest, { ok: true }>): Manifest =>
  parsed.kind === 'NeCoRun'
    ? { kind: parsed.kind, run: parsed.run }
    : { kind: parsed.kind, sweep: parsed.sweep }
