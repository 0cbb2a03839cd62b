import { join } from 'node:path'
import type { DatasetSettings } from '../../crds/sections/data.ts'
import type { Dataset } from './dataset.ts'
import { DatasetError } from './dataset-error.ts'
import type { DigestMemory } from './file-digests.ts'
import { imageFolderDataset } from './image-folder.ts'
import { scenesDataset } from './scenes-dataset.ts'
import { vocDataset } from './voc-dataset.ts'

export interface DatasetHome {
  /** Folder of each volume by name; '' is the default. */
  readonly volumes: Readonly<Record<string, string>>
  readonly digests?: DigestMemory | undefined
}

function folderOf({ volume = '', path = '' }: DatasetSettings, home: DatasetHome): string {
  const root = home.volumes[volume]
  if (root !== undefined) return join(root, path)
  const known = Object.keys(home.volumes).filter((name) => name !== '')
  throw new DatasetError(
    'DataFolderMissing',
    `volume ${volume} is not there; known volumes: ${known.join(', ') || 'none'}`,
  )
}

/** Opens a data set as its settings say. Throws DatasetError with the file and what to do. */
export async function openDataset(settings: DatasetSettings, home: DatasetHome): Promise<Dataset> {
  const { kind, count: limit } = settings
  const { digests } = home
  switch (kind) {
    case 'Scenes':
      return scenesDataset(settings)
    case 'ImageFolder':
      return imageFolderDataset({ folder: folderOf(settings, home), limit, digests })
    case 'Voc': {
      const { split = '', masks, classes } = settings
      return vocDataset({ root: folderOf(settings, home), split, masks, classes, limit, digests })
    }
  }
}
