import { readFile } from 'node:fs/promises'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { SWEEP_KIND } from '../../crds/names.ts'
import type { NeCoRun } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { type FieldProblem, type ParsedManifest, parseManifest } from '../../crds/parse-manifest.ts'
import { validateRun, validateSweep } from '../../operator/core/sweep/validate-sweep.ts'
import { InputError } from '../input-error.ts'
import { createProblemLocator, type ManifestDocument } from './problem-locator.ts'
import { type Override, setField, setOverride } from './set-override.ts'

export type Manifest =
  | { readonly kind: 'NeCoRun'; readonly run: NeCoRun }
  | { readonly kind: 'NeCoSweep'; readonly sweep: NeCoSweep }

interface ManifestSource {
  /** The file as it was typed, for messages. */
  readonly file: string
  readonly text: string
  readonly overrides: readonly string[]
  /** The value of --parallelism; ignored for a NeCoRun. */
  readonly parallelism?: string | undefined
}

export interface ValidatedManifest {
  readonly manifest: Manifest
  /** Locates a field for later errors: a flag with its value, or file, line and column. */
  readonly locate: (problem: FieldProblem) => string
}

/**
 * Reads a manifest file, applies the overrides of flags and validates it. Throws InputError with
 * file, line and field, or the flag.
 */
export async function readManifest(
  path: string,
  options: Omit<ManifestSource, 'text'>,
): Promise<ValidatedManifest> {
  return validateManifestSource({ ...options, text: await readText(path, options.file) })
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

function parseYamlDocument({ file, text }: ManifestSource): Omit<ManifestDocument, 'overrides'> {
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

function applyFlags(
  document: Document,
  { overrides, parallelism }: ManifestSource,
): readonly Override[] {
  const set = overrides.map((text) => setOverride(document, text))
  if (parallelism === undefined || document.get('kind') !== SWEEP_KIND) return set
  const override = { flag: `--parallelism ${parallelism}`, keys: ['spec', 'parallelism'] }
  setField(document, override, Number(parallelism))
  return [...set, override]
}

type ValidationResult =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] }

function validateDocument(document: Document): ValidationResult {
  const parsed = parseManifest(document.toJS())
  if (!parsed.ok) return parsed
  const manifest = toManifest(parsed)
  const problems =
    manifest.kind === 'NeCoRun' ? validateRun(manifest.run) : validateSweep(manifest.sweep)
  return problems.length > 0 ? { ok: false, problems } : { ok: true, manifest }
}

/** Validates the text of a manifest with the overrides of flags. Throws InputError. */
export const parseManifestText = (source: ManifestSource): Manifest =>
  validateManifestSource(source).manifest

function validateManifestSource(source: ManifestSource): ValidatedManifest {
  const { document, ...place } = parseYamlDocument(source)
  const originalDocument = document.clone()
  const overrides = applyFlags(document, source)
  const checked = validateDocument(document)
  const manifestDocument = { ...place, document, overrides }
  if (checked.ok)
    return { manifest: checked.manifest, locate: createProblemLocator(manifestDocument, []) }
  const originalResult = validateDocument(originalDocument)
  const locate = createProblemLocator(
    manifestDocument,
    originalResult.ok ? [] : originalResult.problems,
  )
  throw new InputError(
    checked.problems.map((problem) => `${locate(problem)}: ${problem.path}: ${problem.message}`),
  )
}

const toManifest = (parsed: Extract<ParsedManifest, { ok: true }>): Manifest =>
  parsed.kind === 'NeCoRun'
    ? { kind: parsed.kind, run: parsed.run }
    : { kind: parsed.kind, sweep: parsed.sweep }
