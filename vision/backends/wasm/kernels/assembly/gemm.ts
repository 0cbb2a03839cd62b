import { floats } from './kernel-arguments'
import { fma, splat } from './vector-math'

// C = op(A)·op(B) by tiles of 4×8 over packed panels. Each element of C is one
// sum over k in the same order wherever its tile lies, so a split over rows
// never changes a bit.

const BLOCK_K: i32 = 256
const BLOCK_N: i32 = 256

const PANEL_A: usize = 4 * 256 * 4
const EDGE_TILE: usize = 4 * 8 * 4

/** Bytes of scratch that gemm needs: a panel of A, an edge tile, a block of B. */
export const GEMM_SCRATCH: usize = PANEL_A + EDGE_TILE + 256 * 256 * 4

/** Panels of 8 columns, each k-major: kc rows of 8 floats, padded with 0. */
function packB(transposed: bool, b: usize, ldb: i32, k0: i32, kc: i32, j0: i32, nc: i32, out: usize): void {
  for (let j = 0; j < nc; j += 8) {
    const count = min(8, nc - j)
    if (transposed) packTransposedPanel(b + floats((j0 + j) * ldb + k0), ldb, kc, count, out)
    else packPanel(b + floats(k0 * ldb + j0 + j), ldb, kc, count, out)
    out += floats(8 * kc)
  }
}

function packPanel(source: usize, ldb: i32, kc: i32, count: i32, out: usize): void {
  const step = floats(ldb)
  for (let p = 0; p < kc; p++) {
    if (count == 8) {
      v128.store(out, v128.load(source))
      v128.store(out, v128.load(source, 16), 16)
    } else {
      for (let x = 0; x < 8; x++) store<f32>(out + floats(x), x < count ? load<f32>(source + floats(x)) : 0)
    }
    source += step
    out += 32
  }
}

function packTransposedPanel(source: usize, ldb: i32, kc: i32, count: i32, out: usize): void {
  let x = 0
  for (; x + 4 <= count; x += 4) packFourRows(source + floats(x * ldb), floats(ldb), kc, out + floats(x), 32)
  for (; x < 8; x++) {
    const row = source + floats(x * ldb)
    for (let p = 0; p < kc; p++) store<f32>(out + floats(p * 8 + x), x < count ? load<f32>(row + floats(p)) : 0)
  }
}

/** Four rows become four columns: out[p·stride + lane] = row lane, element p. */
function packFourRows(source: usize, step: usize, kc: i32, out: usize, stride: usize): void {
  const s1 = source + step
  const s2 = s1 + step
  const s3 = s2 + step
  let p = 0
  for (; p + 4 <= kc; p += 4) {
    const at = floats(p)
    const a = v128.load(source + at)
    const b = v128.load(s1 + at)
    const c = v128.load(s2 + at)
    const d = v128.load(s3 + at)
    const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5)
    const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
    const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
    const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
    v128.store(out, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5))
    v128.store(out + stride, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7))
    v128.store(out + 2 * stride, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5))
    v128.store(out + 3 * stride, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7))
    out += 4 * stride
  }
  for (; p < kc; p++) {
    const at = floats(p)
    store<f32>(out, load<f32>(source + at))
    store<f32>(out, load<f32>(s1 + at), 4)
    store<f32>(out, load<f32>(s2 + at), 8)
    store<f32>(out, load<f32>(s3 + at), 12)
    out += stride
  }
}

/** Four rows of op(A), k-major: kc groups of 4 floats, padded with 0. */
function packA(transposed: bool, a: usize, lda: i32, k0: i32, kc: i32, i0: i32, count: i32, out: usize): void {
  if (transposed) {
    let source = a + floats(k0 * lda + i0)
    const step = floats(lda)
    for (let p = 0; p < kc; p++) {
      if (count == 4) v128.store(out, v128.load(source))
      else for (let x = 0; x < 4; x++) store<f32>(out + floats(x), x < count ? load<f32>(source + floats(x)) : 0)
      source += step
      out += 16
    }
    return
  }
  const source = a + floats(i0 * lda + k0)
  if (count == 4) return packFourRows(source, floats(lda), kc, out, 16)
  for (let x = 0; x < 4; x++) {
    const row = source + floats(x * lda)
    for (let p = 0; p < kc; p++) store<f32>(out + floats(p * 4 + x), x < count ? load<f32>(row + floats(p)) : 0)
  }
}

/** One 4×8 tile over kc terms; adds to C when accumulate. Edge tiles go through `edge`. */
// @ts-ignore: decorator
@inline function tile(a: usize, b: usize, kc: i32, c: usize, ldc: usize, rows: i32, columns: i32, accumulate: bool, edge: usize): void {
  const end = a + (<usize>kc << 4)
  let c00 = splat(0), c01 = splat(0), c10 = splat(0), c11 = splat(0)
  let c20 = splat(0), c21 = splat(0), c30 = splat(0), c31 = splat(0)
  while (a < end) {
    const b0 = v128.load(b)
    const b1 = v128.load(b, 16)
    const a0 = v128.load_splat<f32>(a)
    c00 = fma(a0, b0, c00)
    c01 = fma(a0, b1, c01)
    const a1 = v128.load_splat<f32>(a, 4)
    c10 = fma(a1, b0, c10)
    c11 = fma(a1, b1, c11)
    const a2 = v128.load_splat<f32>(a, 8)
    c20 = fma(a2, b0, c20)
    c21 = fma(a2, b1, c21)
    const a3 = v128.load_splat<f32>(a, 12)
    c30 = fma(a3, b0, c30)
    c31 = fma(a3, b1, c31)
    a += 16
    b += 32
  }
  const whole = rows == 4 && columns == 8
  const out = whole ? c : edge
  const step = whole ? ldc : 32
  if (whole && accumulate) {
    c00 = f32x4.add(v128.load(c), c00)
    c01 = f32x4.add(v128.load(c, 16), c01)
    c10 = f32x4.add(v128.load(c + ldc), c10)
    c11 = f32x4.add(v128.load(c + ldc, 16), c11)
    c20 = f32x4.add(v128.load(c + 2 * ldc), c20)
    c21 = f32x4.add(v128.load(c + 2 * ldc, 16), c21)
    c30 = f32x4.add(v128.load(c + 3 * ldc), c30)
    c31 = f32x4.add(v128.load(c + 3 * ldc, 16), c31)
  }
  v128.store(out, c00)
  v128.store(out, c01, 16)
  v128.store(out + step, c10)
  v128.store(out + step, c11, 16)
  v128.store(out + 2 * step, c20)
  v128.store(out + 2 * step, c21, 16)
  v128.store(out + 3 * step, c30)
  v128.store(out + 3 * step, c31, 16)
  if (!whole) storeEdge(edge, c, ldc, rows, columns, accumulate)
}

function storeEdge(edge: usize, c: usize, ldc: usize, rows: i32, columns: i32, accumulate: bool): void {
  for (let x = 0; x < rows; x++) {
    for (let y = 0; y < columns; y++) {
      const place = c + <usize>x * ldc + floats(y)
      const value = load<f32>(edge + floats(x * 8 + y))
      store<f32>(place, accumulate ? load<f32>(place) + value : value)
    }
  }
}

/**
 * Rows i0 … i1 of C [M, n] = op(A) [M, k] · op(B) [k, n], added to C when accumulate.
 * lda, ldb and ldc are row lengths in floats of the arrays as they are stored.
 */
export function gemm(
  transposeA: bool, transposeB: bool, i0: i32, i1: i32, n: i32, k: i32,
  a: usize, lda: i32, b: usize, ldb: i32, c: usize, ldc: i32, accumulate: bool, scratch: usize,
): void {
  const panelA = scratch
  const edge = scratch + PANEL_A
  const panelsB = edge + EDGE_TILE
  for (let j0 = 0; j0 < n; j0 += BLOCK_N) {
    const nc = min(BLOCK_N, n - j0)
    for (let k0 = 0; k0 < k; k0 += BLOCK_K) {
      const kc = min(BLOCK_K, k - k0)
      const add = accumulate || k0 > 0
      packB(transposeB, b, ldb, k0, kc, j0, nc, panelsB)
      for (let i = i0; i < i1; i += 4) {
        const rows = min(4, i1 - i)
        packA(transposeA, a, lda, k0, kc, i, rows, panelA)
        let panelB = panelsB
        for (let j = 0; j < nc; j += 8) {
          const place = c + floats(i * ldc + j0 + j)
          tile(panelA, panelB, kc, place, floats(ldc), rows, min(8, nc - j), add, edge)
          panelB += floats(8 * kc)
        }
      }
    }
  }
}
