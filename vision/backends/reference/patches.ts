import type { KernelCall } from '../../ops/kernel-signatures.ts'
import { addTo, at, countElements, type ReferenceArray, zeros } from './reference-array.ts'

interface UnfoldGrid {
  readonly batch: number
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly patch: number
  readonly rows: number
  readonly columns: number
}

export function unfoldPatches({
  inputs: { images },
  attributes: { patch },
}: KernelCall<'NecoUnfoldPatches', ReferenceArray>): ReferenceArray[] {
  const grid = computeUnfoldGrid(images.shape, patch)
  const patches = zeros([grid.batch * grid.rows * grid.columns, grid.channels * patch * patch])
  forEachPixel(grid, (pixel, place) => {
    patches.values[place] = at(images.values, pixel)
  })
  return [patches]
}

export function foldPatches({
  inputs: { patches },
  attributes: { patch, shape },
}: KernelCall<'NecoFoldPatches', ReferenceArray>): ReferenceArray[] {
  const images = { shape, values: new Float64Array(countElements(shape)) }
  forEachPixel(computeUnfoldGrid(shape, patch), (pixel, place) => {
    addTo(images.values, pixel, at(patches.values, place))
  })
  return [images]
}

function computeUnfoldGrid(shape: readonly number[], patch: number): UnfoldGrid {
  const [batch = 1, channels = 1, height = 1, width = 1] = shape
  const rows = Math.floor(height / patch)
  const columns = Math.floor(width / patch)
  return { batch, channels, height, width, patch, rows, columns }
}

/** Visits the pixels of all patches in the order of the unfolded matrix. */
function forEachPixel(grid: UnfoldGrid, visit: (pixel: number, place: number) => void): void {
  const { channels, height, width, patch, rows, columns } = grid
  const area = patch * patch
  const total = grid.batch * rows * columns * channels * area
  for (let place = 0; place < total; place++) {
    const dx = place % patch
    const dy = Math.floor(place / patch) % patch
    const channel = Math.floor(place / area) % channels
    const index = Math.floor(place / (area * channels))
    const column = index % columns
    const row = Math.floor(index / columns) % rows
    const plane = Math.floor(index / (rows * columns)) * channels + channel
    visit((plane * height + row * patch + dy) * width + column * patch + dx, place)
  }
}
