/**
 * What float32 may be off in the golden files of backbones, as a share of the largest value of each
 * tensor: twice the worst error of float32 PyTorch 2.15 (one thread, plain and fused attention),
 * measured by bench/pytorch/backbone_float32_error.py:
 *
 * | file | outputs | interpolated | ∂ images | ∂ parameters |
 * | --- | --- | --- | --- | --- |
 * | dino_v1_tiny | 4.74e-7 | 3.72e-7 | | |
 * | dinov2_reg_tiny | 7.66e-7 | 6.79e-7 | 4.65e-7 | 1.31e-6 |
 * | dinov3_tiny | 5.41e-7 | | 7.30e-7 | 1.97e-6 |
 *
 * None of the doubles is below 4 units in the last place of the largest value (at most 4.77e-7).
 * A 0 stands where a file has no such quantity.
 */
export const FLOAT32_VIT = {
  dino_v1_tiny: { Output: 9.48e-7, Interpolated: 7.44e-7, InputGradient: 0, ParameterGradient: 0 },
  dinov2_reg_tiny: {
    Output: 1.532e-6,
    Interpolated: 1.358e-6,
    InputGradient: 9.3e-7,
    ParameterGradient: 2.62e-6,
  },
  dinov3_tiny: {
    Output: 1.082e-6,
    Interpolated: 0,
    InputGradient: 1.459e-6,
    ParameterGradient: 3.94e-6,
  },
} as const
