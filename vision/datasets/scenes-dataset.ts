import type { DatasetSettings } from '../../method/settings/data.ts'
import { drawScene, SCENES_VERSION } from '../scenes/draw-scene.ts'
import type { Scene } from '../scenes/expose.ts'
import { SCENE_CLASSES } from '../scenes/scene-classes.ts'
import type { Dataset } from './dataset.ts'
import { computeManifestDigest } from './file-digests.ts'

/** Images drawn by code; each is drawn once and cached. */
export function scenesDataset({ firstSeed = 0, count = 0 }: DatasetSettings): Dataset {
  const drawn: Scene[] = []
  const scene = (index: number): Scene => {
    drawn[index] ??= drawScene(firstSeed + index)
    return drawn[index]
  }
  return {
    size: count,
    classes: SCENE_CLASSES,
    skipped: [],
    manifestDigest: computeManifestDigest([['scenes', `${SCENES_VERSION} ${firstSeed} ${count}`]]),
    image: async (index) => {
      const { side, image } = scene(index)
      return { width: side, height: side, rgb: image }
    },
    mask: async (index) => {
      const { side, mask } = scene(index)
      return { width: side, height: side, labels: mask }
    },
  }
}
