import { readFile } from 'node:fs/promises'
import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import type { NeCoRun } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { type ParsedManifest, type Problem, parseManifest } from '../../crds/parse-manifest.ts'
import { validateRun, validateSweep } from '../../operator/core/validate-sweep.ts'
import { InputError } from '../input-error.ts'
import { setOverride } from './set-override.ts'

export type Manifest =
  | { readonly kind: 'NeCoRun'; readonly run: NeCoRun }
  | { readonly kind: 'NeCoSweep'; readonly sweep: NeCoSweep }

interface Source {
  /** The file as it was typed, for messages. */
  readonly file: string
  readonly text: string
  readonly overrides: readonly string[]
}

/** Reads a manifest file, applies `--set` and checks it. Throws InputError naming file, line and field. */
export async function readManifest(
  path: string,
  options: { readonly file: string; readonly overrides: readonly string[] },
): Promise<Manifest> {
  return manifestOf({ ...options, text: await readText(path, options.file) })
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

/** Checks the text of a manifest. */
export function manifestOf({ file, text, overrides }: Source): Manifest {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const syntax = document.errors.map(({ pos, message }) => {
    const { line, col } = lines.linePos(pos[0])
    return `${file}:${line}:${col}: ${message}`
  })
  if (syntax.length > 0) throw new InputError(syntax)
  if (document.contents === null) throw new InputError([`${file}: the file is empty`])
  for (const override of overrides) setOverride(document, override)
  const parsed = parseManifest(document.toJS())
  const place: Place = { file, document, lines }
  if (!parsed.ok) throw problemsError(parsed.problems, place)
  const manifest = manifestFrom(parsed)
  const problems =
    manifest.kind === 'NeCoRun' ? validateRun(manifest.run) : validateSweep(manifest.sweep)
  if (problems.length > 0) throw problemsError(problems, place)
  return manifest
}

const manifestFrom = (parsed: Extract<ParsedManifest, { ok: true }>): Manifest =>
  parsed.kind === 'NeCoRun'
    ? { kind: parsed.kind, run: parsed.run }
    : { kind: parsed.kind, sweep: parsed.sweep }

interface Place {
  readonly file: string
  readonly document: Document
  readonly lines: LineCounter
}

const problemsError = (problems: readonly Problem[], place: Place): InputError =>
  new InputError(
    problems.map(
      ({ path, message }) => `${place.file}${position(path, place)}: ${path}: ${message}`,
    ),
  )

/** `:line:column` of a field, or of the nearest thing around it that is in the file. */
function position(path: string, { document, lines }: Place): string {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '')
  for (let length = keys.length; length > 0; length--) {
    const node = document.getIn(keys.slice(0, length), true)
    if (isNode(node) && node.range) {
      const { line, col } = lines.linePos(node.range[0])
      return `:${line}:${col}`
    }
  }
  return ''
}
