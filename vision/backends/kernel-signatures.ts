import type { SoftSortOptions } from '../sorting/soft-sort-options.ts'
import type { SparseMatrix } from './sparse-matrix.ts'

/**
 * Every kernel that a backend must offer, with the names of its inputs and the
 * values of its attributes. Both backends are checked against this one table
 * by the compiler, and the parity suite walks over it.
 *
 * `Value` is how a backend holds an array: see ReferenceArray and WasmArray.
 */
export interface KernelSignatures<Value> {
  /** x [..., I], weight [O, I], bias [O] → y [..., O], and if kept the slopes gelu′ at each element. */
  NecoLinear: Call<
    { x: Value; weight: Value; bias?: Value },
    { activation: 'None' | 'Gelu'; keepSlopes: boolean }
  >
  /** a·b over the last two axes, one optional leading batch axis on both. */
  NecoMatMul: Call<{ a: Value; b: Value }, { transposeA: boolean; transposeB: boolean }>
  /** Sum over all leading axes; the result has the given shape. */
  NecoColumnSum: Call<{ x: Value }, { shape: readonly number[] }>
  /** silu(gate) · value. */
  NecoSwiGlu: Call<{ gate: Value; value: Value }, Empty>
  /** → gradients of gate and of value. */
  NecoSwiGluGradient: Call<{ dy: Value; gate: Value; value: Value }, Empty>
  /** → y, mean and reciprocal standard deviation of each row. */
  NecoLayerNorm: Call<{ x: Value; gamma: Value; beta: Value }, { eps: number }>
  /** → gradients of x, gamma and beta. */
  NecoLayerNormGradient: Call<
    { dy: Value; x: Value; gamma: Value; mean: Value; deviation: Value },
    Empty
  >
  /** qkv [B, N, 3D] → output [B, N, D] and the log-sum-exp of each row [B, heads, N]. */
  NecoAttention: Call<{ qkv: Value; cos?: Value; sin?: Value }, { heads: number }>
  /** → gradient of qkv. */
  NecoAttentionGradient: Call<
    { dy: Value; qkv: Value; output: Value; logSumExp: Value; cos?: Value; sin?: Value },
    { heads: number }
  >
  /** x + branch · gamma [D] · sampleScale [B]. */
  NecoResidualScale: Call<{ x: Value; branch: Value; gamma?: Value; sampleScale?: Value }, Empty>
  /** → gradient of branch and, when gamma is given, of gamma. */
  NecoResidualScaleGradient: Call<
    { dy: Value; branch: Value; gamma?: Value; sampleScale?: Value },
    Empty
  >
  /** Joins arrays that agree in their first `outer` elements of extent. */
  NecoConcat: Call<Record<string, Value>, { outer: number; shape: readonly number[] }>
  /** x + row, the row repeated over all leading elements. */
  NecoAddRow: Call<{ x: Value; row: Value }, Empty>
  /** images [B, C, H, W] → [B·rows·columns, C·p·p]. */
  NecoUnfoldPatches: Call<{ images: Value }, { patch: number }>
  /** The adjoint of NecoUnfoldPatches; pixels outside every patch get 0. */
  NecoFoldPatches: Call<{ patches: Value }, { patch: number; shape: readonly number[] }>
  /** matrix · x for a constant sparse matrix. */
  NecoSparseRows: Call<{ x: Value }, { matrix: SparseMatrix }>
  /** → x / max(‖x‖, eps) by rows, and ‖x‖. */
  NecoNormalizeRows: Call<{ x: Value }, { eps: number }>
  NecoNormalizeRowsGradient: Call<{ dy: Value; y: Value; norms: Value }, { eps: number }>
  /** Euclidean distances: queries [G, P, D], references [G, R, D] → [G, P, R]. */
  NecoDistance: Call<{ queries: Value; references: Value }, Empty>
  /** → gradients of queries and references; 0 where the distance is 0. */
  NecoDistanceGradient: Call<
    { dy: Value; distances: Value; queries: Value; references: Value },
    Empty
  >
  /** logits [M, C] → mean loss (scalar) and its gradient [M, C]. */
  NecoCrossEntropy: Call<
    { logits: Value; targets?: Value },
    { labels: Int32Array | undefined; ignore: number | undefined; smoothing: number }
  >
  /** factor · x + offset. */
  NecoAffine: Call<{ x: Value }, { factor: number; offset: number }>
  NecoMultiply: Call<{ a: Value; b: Value }, Empty>
  /** Σ a·b, accumulated in float64. */
  NecoDot: Call<{ a: Value; b: Value }, Empty>
  NecoFill: Call<Record<string, Value>, { shape: readonly number[]; value: number }>
  /** In place on parameter, firstMoment and secondMoment; no output. */
  NecoAdamwStep: Call<
    { parameter: Value; gradient: Value; firstMoment: Value; secondMoment: Value },
    AdamwAttributes
  >
  /** In place: teacher ← momentum·teacher + (1 − momentum)·student; no output. */
  NecoEmaStep: Call<{ teacher: Value; student: Value }, { momentum: number }>
  /**
   * student and teacher [M, R] → loss (scalar), gradient of student, and of teacher when it is
   * wanted.
   */
  NecoSoftSortCrossEntropy: Call<{ student: Value; teacher: Value }, { options: SoftSortOptions }>
  /** The sum that the tape needs when a value is used twice. */
  Add: Call<{ a: Value; b: Value }, Empty>
}

export interface AdamwAttributes {
  readonly learningRate: number
  readonly weightDecay: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** Counts from 1. */
  readonly step: number
  readonly gradientScale: number
}

interface Call<Inputs, Attributes> {
  readonly inputs: Inputs
  readonly attributes: Attributes
}

type Empty = Readonly<Record<string, never>>

export type KernelName = keyof KernelSignatures<unknown>
export type KernelCall<Name extends KernelName, Value> = KernelSignatures<Value>[Name]

/** One function for each kernel; it returns the kernel's outputs. */
export type KernelTable<Value> = {
  readonly [Name in KernelName]: (call: KernelCall<Name, Value>) => readonly Value[]
}
