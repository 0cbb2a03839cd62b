import { join } from 'node:path'
import type { DatasetSettings } from '../../method/settings/data.ts'
import type { Dataset } from './dataset.ts'
import { DatasetError } from './dataset-error.ts'
import type { DigestCache } from './file-digests.ts'
import { imageFolderDataset } from './image-folder.ts'
import { scenesDataset } from './scenes-dataset.ts'
import { vocDataset } from './voc-dataset.ts'

export interface DatasetMounts {
  /** Folder of each volume by name; '' is the default. */
  readonly volumes: Readonly<Record<string, string>>
  readonly digests?: DigestCache | undefined
}

function resolveDatasetFolder(
  { volume = '', path = '' }: DatasetSettings,
  mounts: DatasetMounts,
): string {
  const root = mounts.volumes[volume]
  if (root !== undefined) return join(root, path)
  const known = Object.keys(mounts.volumes).filter((name) => name !== '')
  throw new DatasetError(
    'DataFolderMissing',
    `volume ${volume} is not there; known volumes: ${known.join(', ') || 'none'}`,
  )
}

/** Opens a data set as its settings say. Throws DatasetError with the file and what to do. */
export async function openDataset(
  settings: DatasetSettings,
  mounts: DatasetMounts,
): Promise<Dataset> {
  const { kind, count: limit } = settings
  const { digests } = mounts
  switch (kind) {
    case 'Scenes':
      return scenesDataset(settings)
    case 'ImageFolder':
      return imageFolderDataset({ folder: resolveDatasetFolder(settings, mounts), limit, digests })
    case 'Voc': {
      const { split = '', masks, classes } = settings
      return vocDataset({
        root: resolveDatasetFolder(settings, mounts),
        split,
        masks,
        classes,
        limit,
        digests,
      })
    }
  }
}
