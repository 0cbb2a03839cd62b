import { floats, intAt, pointerAt } from './kernel-arguments'

// images [B, C, H, W] and patches [B·rows·columns, C·p·p].
// images, patches, C, H, W, p. Items: patches for unfold, samples for fold.

export function unfoldPatches(args: usize, begin: i32, end: i32, scratch: usize): void {
  for (let item = begin; item < end; item++) copyPatch(args, item, false)
}

export function foldPatches(args: usize, begin: i32, end: i32, scratch: usize): void {
  const patch = intAt(args, 5)
  const count = (intAt(args, 3) / patch) * (intAt(args, 4) / patch)
  const bytes = floats(intAt(args, 2) * intAt(args, 3) * intAt(args, 4))
  for (let sample = begin; sample < end; sample++) {
    memory.fill(pointerAt(args, 0) + <usize>sample * bytes, 0, bytes)
    for (let item = sample * count; item < (sample + 1) * count; item++) copyPatch(args, item, true)
  }
}

function copyPatch(args: usize, item: i32, fold: bool): void {
  const channels = intAt(args, 2)
  const height = intAt(args, 3)
  const width = intAt(args, 4)
  const patch = intAt(args, 5)
  const columns = width / patch
  const rows = height / patch
  const sample = item / (rows * columns)
  const row = (item / columns) % rows
  const column = item % columns
  let place = pointerAt(args, 1) + floats(item * channels * patch * patch)
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < patch; y++) {
      const line = ((sample * channels + channel) * height + row * patch + y) * width + column * patch
      const pixels = pointerAt(args, 0) + floats(line)
      if (fold) memory.copy(pixels, place, floats(patch))
      else memory.copy(place, pixels, floats(patch))
      place += floats(patch)
    }
  }
}
