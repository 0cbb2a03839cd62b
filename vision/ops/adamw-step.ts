import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { runKernel } from './run-kernel.ts'

export interface AdamwUpdate {
  readonly parameter: Variable
  readonly gradient: Tensor
  /** Of the parameter's shape, 0 at the start. */
  readonly firstMoment: Variable
  readonly secondMoment: Variable
  readonly learningRate: number
  readonly weightDecay: number
}

export interface AdamwSettings {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** Counts from 1: it corrects the bias of the moments. */
  readonly step: number
  /** Multiplies every gradient, for clipping by norm; 1 if not given. */
  readonly gradientScale?: number
}

/** One AdamW step as torch makes it, in place. */
export function adamwStep(updates: readonly AdamwUpdate[], settings: AdamwSettings): void {
  for (const { learningRate, weightDecay, ...inputs } of updates) {
    runKernel('NecoAdamwStep', inputs, {
      gradientScale: 1,
      ...settings,
      learningRate,
      weightDecay,
    })
  }
}
