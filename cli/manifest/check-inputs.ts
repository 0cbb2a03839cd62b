import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FieldProblem } from '../../crds/parse-manifest.ts'
import type { RunSpec } from '../../crds/spec/run-spec.ts'

/** The folder of each volume by its name; '' is the folder of the manifest. */
export type Volumes = Readonly<Record<string, string>>

interface InputPath {
  readonly field: string
  readonly volume: string | undefined
  readonly path: string
  readonly kind: 'File' | 'Folder'
}

type Dataset = RunSpec['data']

const listDatasetPaths = (field: string, { kind, volume, path }: Dataset): InputPath[] =>
  kind === 'Scenes' || path === undefined ? [] : [{ field, volume, path, kind: 'Folder' }]

function listInputPaths({ model, data, evaluations = [] }: RunSpec): InputPath[] {
  const weights = model?.weights
  const files: InputPath[] =
    weights === undefined
      ? []
      : [{ field: 'model.weights', volume: weights.volume, path: weights.path, kind: 'File' }]
  return [
    ...files,
    ...listDatasetPaths('data', data),
    ...evaluations.flatMap(({ memory, validation }, at) => [
      ...listDatasetPaths(`evaluations[${at}].memory`, memory),
      ...listDatasetPaths(`evaluations[${at}].validation`, validation),
    ]),
  ]
}

async function findInputProblems(
  input: InputPath,
  volumes: Volumes,
  root: string,
): Promise<FieldProblem[]> {
  const folder = volumes[input.volume ?? '']
  if (folder === undefined) {
    const message = `volume ${input.volume} has no folder here: give --volume ${input.volume}=DIR`
    return [{ path: `${root}.${input.field}.volume`, message }]
  }
  const full = join(folder, input.path)
  const found = await stat(full).catch(() => undefined)
  const wanted = input.kind === 'File' ? 'file' : 'folder'
  const path = `${root}.${input.field}.path`
  if (found === undefined) return [{ path, message: `there is no ${wanted} ${full}` }]
  const fits = input.kind === 'File' ? found.isFile() : found.isDirectory()
  return fits ? [] : [{ path, message: `${full} is no ${wanted}` }]
}

/** Finds missing files and folders of a run. `root` is the path of the run in its manifest. */
export async function checkInputs(
  spec: RunSpec,
  volumes: Volumes,
  root: string,
): Promise<readonly FieldProblem[]> {
  const found = await Promise.all(
    listInputPaths(spec).map((input) => findInputProblems(input, volumes, root)),
  )
  return found.flat()
}

/** A field that names a file or folder, with its path on this machine. */
export interface InputField {
  readonly field: string
  readonly path: string
}

/** Every file and folder that a run names. `root` is the path of the run in its manifest. */
export const listInputFields = (
  spec: RunSpec,
  volumes: Volumes,
  root: string,
): readonly InputField[] =>
  listInputPaths(spec).map(({ field, volume, path }) => ({
    field: `${root}.${field}.path`,
    path: join(volumes[volume ?? ''] ?? '', path),
  }))
