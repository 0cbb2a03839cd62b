import type { RandomStream } from '../vision/random/random-stream.ts'
import type { PretrainSettings } from './pretrain-settings.ts'

/** A part of a window in pixels; positions lie between pixels. */
export interface CropBox {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface ColorDraws {
  readonly brightness: number
  readonly contrast: number
  readonly saturation: number
  /** Rotation of the hue in radians. */
  readonly hue: number
}

/** How one window is changed before the model sees it. */
export interface WindowAugmentation {
  readonly isFlipped: boolean
  readonly box: CropBox
  /** Undefined when the colors stay. */
  readonly colors: ColorDraws | undefined
  readonly isGray: boolean
}

const LARGEST_ASPECT = 4 / 3

/** Draws the flip, crop and colors of one window. */
export function drawWindowAugmentation(
  stream: RandomStream,
  settings: PretrainSettings,
): WindowAugmentation {
  const strength = settings.jitterStrength
  const isFlipped = stream.uniform() < settings.flipProbability
  const box = drawBox(stream, settings)
  const isJittered = stream.uniform() < settings.jitterProbability
  const factor = () => stream.uniformBetween(1 - 0.8 * strength, 1 + 0.8 * strength)
  const colors = {
    brightness: factor(),
    contrast: factor(),
    saturation: factor(),
    hue: 2 * Math.PI * stream.uniformBetween(-0.2 * strength, 0.2 * strength),
  }
  const isGray = stream.uniform() < settings.grayscaleProbability
  return { isFlipped, box, colors: isJittered ? colors : undefined, isGray }
}

/** A box of random area and aspect ratio (3/4 to 4/3), cut to the window, anywhere inside it. */
function drawBox(stream: RandomStream, { cropArea, windowPx }: PretrainSettings): CropBox {
  const area = stream.uniformBetween(...cropArea)
  const aspect = stream.logUniform(1 / LARGEST_ASPECT, LARGEST_ASPECT)
  const width = Math.min(Math.sqrt(area * aspect), 1) * windowPx
  const height = Math.min(Math.sqrt(area / aspect), 1) * windowPx
  const left = stream.uniform() * (windowPx - width)
  const top = stream.uniform() * (windowPx - height)
  return { left, top, width, height }
}
