// How the host calls every kernel: kernel(args, begin, end, scratch).
// - args points to float64 slots: pointers, extents and factors alike (all are exact there);
// - begin … end are the items of this thread (rows, heads, elements: the kernel says which);
// - scratch is this thread's own region; the host has made it large enough.
// A kernel writes only what belongs to its items, so threads never meet.

// @ts-ignore: decorator
@inline export function pointerAt(args: usize, slot: i32): usize {
  return <usize>(<u32>load<f64>(args + (<usize>slot << 3)))
}

// @ts-ignore: decorator
@inline export function intAt(args: usize, slot: i32): i32 {
  return <i32>load<f64>(args + (<usize>slot << 3))
}

// @ts-ignore: decorator
@inline export function doubleAt(args: usize, slot: i32): f64 {
  return load<f64>(args + (<usize>slot << 3))
}

// @ts-ignore: decorator
@inline export function floatAt(args: usize, slot: i32): f32 {
  return <f32>load<f64>(args + (<usize>slot << 3))
}

/** Byte offset of a float32 element. */
// @ts-ignore: decorator
@inline export function floats(count: i32): usize {
  return <usize>count << 2
}
