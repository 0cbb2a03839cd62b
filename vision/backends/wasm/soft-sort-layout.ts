import type { Relaxation, SortingNetwork } from '../../../method/settings/loss.ts'
import type { Layer } from '../../sorting/comparator.ts'
import { sortingNetwork } from '../../sorting/sorting-network.ts'

/*
 * How kernels/assembly/soft-sort.ts finds things. It exports
 *   softSortCrossEntropy(args, begin, end, scratch)
 * over rows [begin, end) of M; args are the float64 slots of `softSortArguments`, scratch is
 * `scratchBytes` of the thread's own, aligned to 16. It writes the student's gradient [M, R] (times
 * `scale`) and one float64 for each row, −Σ T·ln(S + ε) without scale, so that the host adds the
 * rows in their order and the number of threads never shows.
 */

const LANES = 4
const VECTOR_BYTES = 16
const COMPARATOR_BYTES = 16
/** Above this many bytes of differences a network is cut into leaves of a few layers. */
const MAX_DIFFERENCES_PER_INPUT_PAIR = 24
const LEAF_LAYERS = 8
/** Networks up to this size keep all their differences: they fit in 1 MiB in any case. */
const SMALL_NETWORK = 64

/** A network laid out for the kernel; the same for every call with this network and R. */
export interface SoftSortLayout {
  readonly references: number
  readonly comparators: number
  /** A wire's weights: R float32 after `lead` unused lanes, in whole vectors. */
  readonly rowBytes: number
  readonly lead: number
  /** Comparators, then first comparators of the leaves, then the mask of the used lanes. */
  readonly table: Uint8Array
  readonly leafStartsAt: number
  readonly leaves: number
  readonly insideAt: number
  readonly differenceBytes: number
}

const layouts = new Map<string, SoftSortLayout>()

/** @throws SortSizeError unless 2 ≤ R ≤ 512 */
export function softSortLayout(network: SortingNetwork, references: number): SoftSortLayout {
  const key = `${network} ${references}`
  const known = layouts.get(key)
  if (known) return known
  const newLayout = layOut(network, references)
  layouts.set(key, newLayout)
  return newLayout
}

function layOut(network: SortingNetwork, references: number): SoftSortLayout {
  const layers = sortingNetwork(network, references)
  // The bitonic network meets in aligned groups of its full size: so they start on a vector.
  const removed = network === 'Bitonic' ? 2 ** Math.ceil(Math.log2(references)) - references : 0
  const lead = removed % LANES
  const rowBytes = roundUpTo(VECTOR_BYTES, (lead + references) * 4)
  const entries = layers.flatMap(reachedRanges({ references, lead }))
  const leafLayers = countLeafLayers(layers, { entries, references })
  const { starts, differenceBytes } = placeDifferences(entries, { layers, leafLayers })
  const leafStartsAt = entries.length * COMPARATOR_BYTES
  const insideAt = roundUpTo(VECTOR_BYTES, leafStartsAt + starts.length * 4)
  const table = new Uint8Array(insideAt + rowBytes)
  const view = new DataView(table.buffer)
  entries.forEach((entry, at) => {
    writeComparator(view, at * COMPARATOR_BYTES, entry)
  })
  starts.forEach((start, at) => {
    view.setInt32(leafStartsAt + at * 4, start, true)
  })
  table.fill(0xff, insideAt + lead * 4, insideAt + (lead + references) * 4)
  return {
    ...{ references, comparators: entries.length, rowBytes, lead, table },
    ...{ leafStartsAt, leaves: starts.length - 1, insideAt, differenceBytes },
  }
}

interface Entry {
  readonly a: number
  readonly b: number
  readonly descending: boolean
  /** Inputs that can have reached the pair, in bytes of whole vectors. */
  readonly begin: number
  readonly length: number
  differenceAt: number
}

/**
 * At first a wire holds its own input only, and each comparator joins the inputs of its two
 * wires: what cannot have reached a pair is exactly zero there and need not be computed.
 */
function reachedRanges({ references, lead }: { references: number; lead: number }) {
  const reached = Array.from({ length: references }, (_, i) => ({ first: i, last: i }))
  return (layer: Layer): Entry[] =>
    layer.map(({ a, b, minimum }) => {
      const rangeA = reached[a] ?? { first: 0, last: references - 1 }
      const rangeB = reached[b] ?? rangeA
      const joined = {
        first: Math.min(rangeA.first, rangeB.first),
        last: Math.max(rangeA.last, rangeB.last),
      }
      reached[a] = joined
      reached[b] = joined
      const begin = Math.floor(((joined.first + lead) * 4) / VECTOR_BYTES) * VECTOR_BYTES
      const end = roundUpTo(VECTOR_BYTES, (joined.last + lead + 1) * 4)
      return { a, b, descending: minimum === b, begin, length: end - begin, differenceAt: 0 }
    })
}

function countLeafLayers(
  layers: readonly Layer[],
  { entries, references }: { entries: readonly Entry[]; references: number },
): number {
  const bytes = entries.reduce((sum, { length }) => sum + length, 0)
  const most = MAX_DIFFERENCES_PER_INPUT_PAIR * references * references * 4
  return references <= SMALL_NETWORK || bytes <= most ? layers.length : LEAF_LAYERS
}

/** Differences of a leaf lie one after another; each leaf uses the same bytes again. */
function placeDifferences(
  entries: readonly Entry[],
  { layers, leafLayers }: { layers: readonly Layer[]; leafLayers: number },
): { readonly starts: readonly number[]; readonly differenceBytes: number } {
  const starts: number[] = []
  let comparator = 0
  let differenceAt = 0
  let differenceBytes = 0
  layers.forEach((layer, at) => {
    if (at % leafLayers === 0) {
      starts.push(comparator)
      differenceAt = 0
    }
    for (const entry of entries.slice(comparator, comparator + layer.length)) {
      entry.differenceAt = differenceAt
      differenceAt += entry.length
    }
    comparator += layer.length
    differenceBytes = Math.max(differenceBytes, differenceAt)
  })
  return { starts: [...starts, comparator], differenceBytes }
}

function writeComparator(view: DataView, at: number, entry: Entry): void {
  view.setUint16(at, entry.a, true)
  view.setUint16(at + 2, entry.b, true)
  view.setUint16(at + 4, entry.begin | (entry.descending ? 1 : 0), true)
  view.setUint16(at + 6, entry.length, true)
  view.setUint32(at + 8, entry.differenceAt, true)
}

/** Where each region of a thread's scratch begins. */
export interface SoftSortScratch {
  readonly values: number
  readonly studentTape: number
  readonly teacherTape: number
  readonly studentWeights: number
  readonly teacherWeights: number
  readonly studentGradients: number
  readonly studentSums: number
  readonly teacherSums: number
  readonly differences: number
  readonly checkpoints: number
  readonly scratchBytes: number
}

/** The regions for one thread: at most 1 MiB to R = 64, at most 32·R²·4 B + 1 MiB above. */
export function softSortScratch(layout: SoftSortLayout): SoftSortScratch {
  const tape = layout.comparators * VECTOR_BYTES
  const matrix = layout.references * layout.rowBytes
  let next = 0
  const region = (bytes: number) => {
    const begin = next
    next += roundUpTo(VECTOR_BYTES, bytes)
    return begin
  }
  return {
    values: region(layout.references * LANES * 8),
    studentTape: region(4 * tape),
    teacherTape: region(tape),
    studentWeights: region(matrix),
    teacherWeights: region(matrix),
    studentGradients: region(matrix),
    studentSums: region(layout.rowBytes),
    teacherSums: region(layout.rowBytes),
    differences: region(layout.differenceBytes),
    checkpoints: region(Math.ceil(Math.log2(layout.leaves)) * matrix),
    scratchBytes: next,
  }
}

/** Addresses in the memory of the module; 0 where there is none. */
export interface SoftSortAddresses {
  /** [M, R] float32 */
  readonly student: number
  readonly teacher: number
  /** M float32 of 0 or 1, or 0 */
  readonly rowMask: number
  readonly studentGradient: number
  /** M float64 */
  readonly rowLosses: number
  /** layout.table */
  readonly table: number
}

export interface SoftSortParameters {
  readonly relaxation: Relaxation
  readonly lambda: number
  readonly studentSteepness: number
  readonly teacherSteepness: number
  readonly epsilon: number
  readonly scale: number
  readonly both: boolean
  readonly renormalizeKept: boolean
  /** The kept ranks [begin, end). */
  readonly kept: { readonly begin: number; readonly end: number }
}

const relaxationCodes: Readonly<Record<Relaxation, number>> = {
  Logistic: 0,
  LogisticPhi: 1,
  Cauchy: 2,
  Gaussian: 3,
  Optimal: 4,
  Reciprocal: 5,
}

/** The float64 slots of a call. */
export function softSortArguments(
  layout: SoftSortLayout,
  at: SoftSortAddresses,
  parameters: SoftSortParameters,
): Float64Array {
  const scratch = softSortScratch(layout)
  return Float64Array.of(
    ...[at.student, at.teacher, at.rowMask, at.studentGradient, at.rowLosses],
    ...[at.table, at.table + layout.leafStartsAt, layout.leaves, layout.references],
    ...[
      layout.comparators,
      layout.rowBytes,
      layout.lead,
      parameters.kept.begin,
      parameters.kept.end,
    ],
    ...[parameters.both ? 1 : 0, parameters.renormalizeKept ? 1 : 0],
    ...[relaxationCodes[parameters.relaxation], parameters.lambda],
    ...[
      parameters.studentSteepness,
      parameters.teacherSteepness,
      parameters.epsilon,
      parameters.scale,
    ],
    ...[at.table + layout.insideAt, scratch.values, scratch.studentTape, scratch.teacherTape],
    ...[scratch.studentWeights, scratch.teacherWeights, scratch.studentGradients],
    ...[scratch.studentSums, scratch.teacherSums],
    ...[scratch.differences, scratch.checkpoints],
  )
}

function roundUpTo(multiple: number, bytes: number): number {
  return Math.ceil(bytes / multiple) * multiple
}
