import type { KernelTable } from '../../ops/kernel-signatures.ts'
import { type KernelHost, toPointer, type WasmArray } from './kernel-host.ts'
import { GEMM_SCRATCH_BYTES } from './matrix-kernels.ts'

type Names = 'NecoAttention' | 'NecoAttentionGradient'

const QUERY_BLOCK = 64

/** Attention over the heads of all samples. */
export function attentionKernels(host: KernelHost): Pick<KernelTable<WasmArray>, Names> {
  return {
    NecoAttention: ({ inputs: { qkv, cos, sin }, attributes: { heads } }) => {
      const { batch, tokens, width } = parseQkvShape(qkv, heads)
      const output = host.allocate([batch, tokens, heads * width])
      const logSumExp = host.allocate([batch, heads, tokens])
      host.run('attention', {
        arguments: [
          ...[qkv.pointer, output.pointer, logSumExp.pointer, toPointer(cos), toPointer(sin)],
          ...[tokens, heads, width],
        ],
        items: batch * heads,
        operations: batch * heads * tokens * tokens * width * 2,
        scratchBytes: computeAttentionScratch(tokens, width),
      })
      return [output, logSumExp]
    },
    NecoAttentionGradient: ({ inputs, attributes: { heads } }) => {
      const { dy, qkv, output, logSumExp, cos, sin } = inputs
      const { batch, tokens, width } = parseQkvShape(qkv, heads)
      const dqkv = host.allocate(qkv.shape)
      host.run('attentionGradient', {
        arguments: [
          ...[dy.pointer, qkv.pointer, output.pointer, logSumExp.pointer],
          ...[toPointer(cos), toPointer(sin), dqkv.pointer, tokens, heads, width],
        ],
        items: batch * heads,
        operations: batch * heads * tokens * tokens * width * 5,
        scratchBytes: computeAttentionScratch(tokens, width),
      })
      return [dqkv]
    },
  }
}

function parseQkvShape(
  { shape }: WasmArray,
  heads: number,
): { batch: number; tokens: number; width: number } {
  const [batch = 1, tokens = 1, triple = 3] = shape
  return { batch, tokens, width: triple / 3 / heads }
}

/** gemm's part, scores and slopes of a block of query rows, rotated q and k. */
function computeAttentionScratch(tokens: number, width: number): number {
  return GEMM_SCRATCH_BYTES + 4 * (2 * QUERY_BLOCK * tokens + 2 * tokens * width) + 64
}
