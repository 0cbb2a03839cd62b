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
  /**
   * x [..., I], weight [O, I], bias [O] → y [..., O], and if kept the slopes gelu′ at each element.
   */
  NecoLinear: KernelInvocation<
    { x: Value; weight: Value; bias?: Value },
    { activation: 'None' | 'Gelu'; keepSlopes: boolean }
  >
  /** a·b over the last two axes, one optional leading batch axis on both. */
  NecoMatMul: KernelInvocation<{ a: Value; b: Value }, { transposeA: boolean; transposeB: boolean }>
  /** Sum over all leading axes; the result has the given shape. */
  NecoColumnSum: KernelInvocation<{ x: Value }, { shape: readonly number[] }>
  /** silu(gate) · value. */
  NecoSwiGlu: KernelInvocation<{ gate: Value; value: Value }, NoAttributes>
  /** → gradients of gate and of value. */
  NecoSwiGluGradient: KernelInvocation<{ dy: Value; gate: Value; value: Value }, NoAttributes>
  /** → y, mean and reciprocal standard deviation of each row. */
  NecoLayerNorm: KernelInvocation<{ x: Value; gamma: Value; beta: Value }, { eps: number }>
  /** → gradients of x, gamma and beta. */
  NecoLayerNormGradient: KernelInvocation<
    { dy: Value; x: Value; gamma: Value; mean: Value; deviation: Value },
    NoAttributes
  >
  /** qkv [B, N, 3D] → output [B, N, D] and the log-sum-exp of each row [B, heads, N]. */
  NecoAttention: KernelInvocation<{ qkv: Value; cos?: Value; sin?: Value }, { heads: number }>
  /** → gradient of qkv. */
  NecoAttentionGradient: KernelInvocation<
    { dy: Value; qkv: Value; output: Value; logSumExp: Value; cos?: Value; sin?: Value },
    { heads: number }
  >
  /** x + branch · gamma [D] · sampleScale [B]. */
  NecoResidualScale: KernelInvocation<
    { x: Value; branch: Value; gamma?: Value; sampleScale?: Value },
    NoAttributes
  >
  /** → gradient of branch and, when gamma is given, of gamma. */
  NecoResidualScaleGradient: KernelInvocation<
    { dy: Value; branch: Value; gamma?: Value; sampleScale?: Value },
    NoAttributes
  >
  /** Joins arrays that agree in their first `outer` elements of extent. */
  NecoConcat: KernelInvocation<Record<string, Value>, { outer: number; shape: readonly number[] }>
  /** x + row, the row repeated over all leading elements. */
  NecoAddRow: KernelInvocation<{ x: Value; row: Value }, NoAttributes>
  /** images [B, C, H, W] → [B·rows·columns, C·p·p]. */
  NecoUnfoldPatches: KernelInvocation<{ images: Value }, { patch: number }>
  /** The adjoint of NecoUnfoldPatches; pixels outside every patch get 0. */
  NecoFoldPatches: KernelInvocation<{ patches: Value }, { patch: number; shape: readonly number[] }>
  /** matrix · x for a constant sparse matrix. */
  NecoSparseRows: KernelInvocation<{ x: Value }, { matrix: SparseMatrix }>
  /** → x / max(‖x‖, eps) by rows, and ‖x‖. */
  NecoNormalizeRows: KernelInvocation<{ x: Value }, { eps: number }>
  NecoNormalizeRowsGradient: KernelInvocation<
    { dy: Value; y: Value; norms: Value },
    { eps: number }
  >
  /** Euclidean distances: queries [G, P, D], references [G, R, D] → [G, P, R]. */
  NecoDistance: KernelInvocation<{ queries: Value; references: Value }, NoAttributes>
  /** → gradients of queries and references; 0 where the distance is 0. */
  NecoDistanceGradient: KernelInvocation<
    { dy: Value; distances: Value; queries: Value; references: Value },
    NoAttributes
  >
  /** logits [M, C] → mean loss (scalar) and its gradient [M, C]. */
  NecoCrossEntropy: KernelInvocation<
    { logits: Value; targets?: Value },
    { labels: Int32Array | undefined; ignore: number | undefined; smoothing: number }
  >
  /** factor · x + offset. */
  NecoAffine: KernelInvocation<{ x: Value }, { factor: number; offset: number }>
  NecoMultiply: KernelInvocation<{ a: Value; b: Value }, NoAttributes>
  /** Σ a·b, accumulated in float64. */
  NecoDot: KernelInvocation<{ a: Value; b: Value }, NoAttributes>
  NecoFill: KernelInvocation<Record<string, Value>, { shape: readonly number[]; value: number }>
  /** In place on parameter, firstMoment and secondMoment; no output. */
  NecoAdamwStep: KernelInvocation<
    { parameter: Value; gradient: Value; firstMoment: Value; secondMoment: Value },
    AdamwAttributes
  >
  /** In place: teacher ← momentum·teacher + (1 − momentum)·student; no output. */
  NecoEmaStep: KernelInvocation<{ teacher: Value; student: Value }, { momentum: number }>
  /** student and teacher [M, R] → loss (scalar) and gradient of student. */
  NecoSoftSortCrossEntropy: KernelInvocation<
    { student: Value; teacher: Value },
    { options: SoftSortOptions }
  >
  /** The sum that the tape needs when a value is used twice. */
  Add: KernelInvocation<{ a: Value; b: Value }, NoAttributes>
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

interface KernelInvocation<Inputs, Attributes> {
  readonly inputs: Inputs
  readonly attributes: Attributes
}

type NoAttributes = Readonly<Record<string, never>>

export type KernelName = keyof KernelSignatures<unknown>
export type KernelCall<Name extends KernelName, Value> = KernelSignatures<Value>[Name]

/** One function for each kernel; it returns the kernel's outputs. */
export type KernelTable<Value> = {
  readonly [Name in KernelName]: (call: KernelCall<Name, Value>) => readonly Value[]
}
