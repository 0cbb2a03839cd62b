import { NUMERICS_VERSION, RunConfig } from '../contract/run-config.ts'

type Overrides<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [Key in keyof T]?: Overrides<T[Key]> | undefined }
    : T

const result = {
  numericsVersion: NUMERICS_VERSION,
  model: {
    family: 'DinoV2',
    dim: 16,
    depth: 2,
    heads: 2,
    patchSizePx: 8,
    mlpRatio: 2,
    feedForward: 'Mlp',
    registers: 0,
    positionGrid: 4,
    positionMode: 'Plain',
    dropPathRate: 0,
    head: {
      hiddenDim: 24,
      outputDim: 12,
      layers: 2,
      teacherHead: 'Independent',
      initialization: 'FanIn',
    },
    initSeed: 1,
  },
  data: { kind: 'Scenes', firstSeed: 0, count: 12 },
  views: {
    localCrops: 1,
    globalSizePx: 32,
    localSizePx: 16,
    globalScale: [0.25, 1],
    localScale: [0.1, 0.3],
    aspectRatio: [0.75, 1.3333333333333333],
    minIntersection: 0.01,
    alignedGrid: 3,
    jitterProbability: 0.8,
    jitterStrength: 0.4,
    grayscaleProbability: 0.1,
    blurProbability: 0,
    blurRadius: [0.1, 2],
  },
  references: {
    source: 'TeacherBatch',
    count: 9,
    fraction: 0,
    queueLength: 2,
    neighbors: 'Inter',
  },
  loss: {
    objective: 'NeighborOrder',
    studentSteepness: 50,
    teacherSteepness: 50,
    network: 'Bitonic',
    relaxation: 'Cauchy',
    lambda: 0.25,
    similarity: 'Cosine',
    direction: 'One',
    reduction: 'Mean',
    keptNeighbors: 0,
    renormalizeKept: false,
    epsilon: 0,
    patches: 'All',
    teacher: 'Ema',
  },
  optimizer: {
    algorithm: 'AdamW',
    batchSize: 4,
    epochs: 1,
    steps: 6,
    backboneLearningRate: 0.001,
    headLearningRate: 0.001,
    finalLearningRate: 0,
    weightDecay: 0.04,
    finalWeightDecay: 0.5,
    teacherMomentum: 0.9,
    finalTeacherMomentum: 1,
    trainableBlocks: 0,
  },
  seed: 400,
  precision: 'Float32',
}

const execution = {
  backend: 'Wasm',
  threads: 1,
  gracePeriodSeconds: 30,
  checkpoint: { everySteps: 2, keep: 2 },
  keepAt: [1],
  volumes: {},
  storage: 'set the storage in the test',
  reportEverySteps: 1,
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function merged(base: unknown, over: unknown): unknown {
  if (!isPlain(base) || !isPlain(over)) return over === undefined ? base : over
  const keys = new Set([...Object.keys(base), ...Object.keys(over)])
  return Object.fromEntries([...keys].map((key) => [key, merged(base[key], over[key])]))
}

/** A run-config of a model so small (width 16, 2 blocks, 12 Scenes, 6 steps) that a test trains it in a moment. */
export function aMicroRunConfig(overrides: Overrides<RunConfig> = {}): RunConfig {
  const base = {
    schemaVersion: 1,
    identity: { run: 'micro', attempt: 1, podUid: 'pod-1' },
    result,
    execution,
  }
  return RunConfig.parse(merged(base, overrides))
}
