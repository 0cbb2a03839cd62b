/**
 * What random numbers are drawn for, each with its half of the Philox key, so that adding a draw in
 * one place moves none elsewhere. The number is what counts: a name may be changed, a number may
 * not without other results.
 */
export const RANDOM_PURPOSES = {
  'backbone-weights': 0x5569775c,
  'head-weights': 0x7a495073,
  'sample-order': 0x4175ee16,
  'crop-boxes': 0xa576137b,
  'crop-colors': 0x56005ae3,
  'stochastic-depth': 0x087fc1d0,
  'roi-references': 0xa75f4272,
  'queue-references': 0x46a3e0dd,
  scene: 0x2063cb13,
  'pretrain-order': 0xc13b04a5,
  'pretrain-colors': 0x3639b8b0,
  'pretrain-position': 0x823397d0,
  'memory-patches': 0x2cf1b3c1,
  'memory-colors': 0x0bcff876,
  'memory-crops': 0x8f460190,
  'probe-weights': 0xf327b835,
  'probe-crops': 0x39ab9c3b,
  'neighbor-references': 0xbb9856cd,
  test: 0xafd071e5,
} as const

export type RandomPurpose = keyof typeof RANDOM_PURPOSES
