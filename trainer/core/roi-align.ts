import type { SparseMatrix } from '../../vision/ops/sparse-matrix.ts'
import type { Box } from './views/crop-box.ts'

/** One box on one map of a stack of maps. */
export interface MapBox {
  readonly map: number
  readonly box: Box
}

export interface RoiAlignOptions {
  /** Maps in the stack, each height × width rows of features, row-major. */
  readonly maps: number
  readonly height: number
  readonly width: number
  readonly outputSide: number
  /** Box coordinates are multiplied by this; 1 when left out. */
  readonly spatialScale?: number
  /** Samples a bin and axis; adaptive (⌈bin⌉) when left out. */
  readonly samplingRatio?: number
  /** Whether pixel centers lie at +0.5, as NeCo has it; true when left out. */
  readonly aligned?: boolean
}

/** Weights over the cells of one axis. */
type Taps = ReadonlyMap<number, number>

/**
 * torchvision's roi_align as a constant matrix [boxes·side², maps·height·width]: each bin is the
 * mean of bilinear samples (docs/method.md §1.5; roi_align.json). Sampling is separable, so the
 * weights of a bin are the product of those of its row and of its column.
 */
export function roiAlign(boxes: readonly MapBox[], options: RoiAlignOptions): SparseMatrix {
  const { maps, height, width, outputSide } = options
  const indptr = new Int32Array(boxes.length * outputSide ** 2 + 1)
  const indices: number[] = []
  const values: number[] = []
  let row = 0
  for (const { map, box } of boxes) {
    const down = axisTaps([box[1], box[3]], height, options)
    const across = axisTaps([box[0], box[2]], width, options)
    for (const rowTaps of down) {
      for (const columnTaps of across) {
        pushBin({ indices, values }, { first: map * height * width, width, rowTaps, columnTaps })
        indptr[++row] = indices.length
      }
    }
  }
  return {
    rows: row,
    cols: maps * height * width,
    indptr,
    indices: Int32Array.from(indices),
    values: Float64Array.from(values),
  }
}

interface Bin {
  /** Index of the first cell of the map. */
  readonly first: number
  readonly width: number
  readonly rowTaps: Taps
  readonly columnTaps: Taps
}

function pushBin(
  target: { readonly indices: number[]; readonly values: number[] },
  { first, width, rowTaps, columnTaps }: Bin,
): void {
  for (const [y, byRow] of rowTaps) {
    for (const [x, byColumn] of columnTaps) {
      target.indices.push(first + y * width + x)
      target.values.push(byRow * byColumn)
    }
  }
}

/** The weights of each bin of one axis, whose box runs from range[0] to range[1]. */
function axisTaps(
  range: readonly [number, number],
  size: number,
  { outputSide, spatialScale = 1, samplingRatio, aligned = true }: RoiAlignOptions,
): readonly Taps[] {
  const offset = aligned ? 0.5 : 0
  const start = range[0] * spatialScale - offset
  const extent = range[1] * spatialScale - offset - start
  const length = aligned ? extent : Math.max(extent, 1)
  const bin = length / outputSide
  const samples = samplingRatio ?? Math.ceil(bin)
  return Array.from({ length: outputSide }, (_, index) => {
    const taps = new Map<number, number>()
    for (let sample = 0; sample < samples; sample++) {
      const position = start + index * bin + ((sample + 0.5) * bin) / samples
      addSample(taps, { position, size, weight: 1 / samples })
    }
    return taps
  })
}

/** Adds one bilinear sample: nothing beyond one cell outside, the border cell from there on. */
function addSample(
  taps: Map<number, number>,
  { position, size, weight }: { position: number; size: number; weight: number },
): void {
  if (position < -1 || position > size) return
  const place = Math.min(Math.max(position, 0), size - 1)
  const low = Math.floor(place)
  const share = place - low
  taps.set(low, (taps.get(low) ?? 0) + weight * (1 - share))
  if (share > 0) taps.set(low + 1, (taps.get(low + 1) ?? 0) + weight * share)
}
