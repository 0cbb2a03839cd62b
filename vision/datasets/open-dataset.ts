import type { DatasetSettings } from '../../method/settings/data.ts'
import type { FileLocation } from '../../std/files/file-source.ts'
import { locateFile, type Volumes } from '../../std/files/volumes.ts'
import type { Dataset } from './dataset.ts'
import { DatasetError } from './dataset-error.ts'
import type { DigestCache } from './file-digests.ts'
import { imageFolderDataset } from './image-folder.ts'
import { scenesDataset } from './scenes-dataset.ts'
import { vocDataset } from './voc-dataset.ts'

export interface DatasetMounts {
  readonly volumes: Volumes
  readonly digests?: DigestCache | undefined
}

function locateDataset(settings: DatasetSettings, { volumes }: DatasetMounts): FileLocation {
  const location = locateFile(volumes, settings)
  if (location !== undefined) return location
  const known = Object.keys(volumes).filter((name) => name !== '')
  throw new DatasetError(
    'DataFolderMissing',
    `volume ${settings.volume ?? ''} is not there; known volumes: ${known.join(', ') || 'none'}`,
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
      return imageFolderDataset({ folder: locateDataset(settings, mounts), limit, digests })
    case 'Voc': {
      const { split = '', masks, classes } = settings
      const root = locateDataset(settings, mounts)
      return vocDataset({ root, split, masks, classes, limit, digests })
    }
  }
}
