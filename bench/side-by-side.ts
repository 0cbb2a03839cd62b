import { join } from 'node:path'
import { TimedProcess } from './timed-process.ts'
import type { Work } from './works.ts'

const ROUNDS = 7
const PEER_MODES = ['eager', 'compiled'] as const
/** Where the peer's loss is NaN, it is timed at this steepness. */
const GENTLE_STEEPNESS = 10

export interface Row {
  readonly work: string
  readonly backend: 'wasm'
  readonly peer: string
  readonly ours_ms: number
  readonly peer_ms: number
  /** Peer time ÷ ours. */
  readonly ratio: number
  readonly ours_peak_bytes: number
  readonly ours_scratch_bytes: number | undefined
  readonly peer_peak_bytes: number
  readonly note: string
}

export interface Comparison {
  readonly rows: readonly Row[]
  readonly versions: readonly string[]
}

/** Ours and the peer, eager and compiled, in turns; medians. One thread each. */
export async function compareSideBySide(
  work: Work,
  { python, name }: { python: string; name: string },
): Promise<Comparison> {
  const ours = await startOurs(work)
  const peers = []
  for (const mode of PEER_MODES) peers.push(await startPeer(python, work, mode))
  const oursMs: number[] = []
  const peerMs = peers.map((): number[] => [])
  for (let round = 0; round < ROUNDS; round++) {
    oursMs.push(await ours.run())
    for (const [i, { process }] of peers.entries()) peerMs[i]?.push(await process.run())
  }
  const oursMemory = await ours.close()
  const rows: Row[] = []
  for (const [i, { process, note }] of peers.entries()) {
    const { peak_bytes } = await process.close()
    const peer_ms = median(peerMs[i] ?? [])
    rows.push({
      work: name,
      backend: 'wasm',
      peer: `PyTorch ${PEER_MODES[i]}`,
      ours_ms: median(oursMs),
      peer_ms,
      ratio: peer_ms / median(oursMs),
      ours_peak_bytes: oursMemory.peak_bytes,
      ours_scratch_bytes: oursMemory.scratch_bytes,
      peer_peak_bytes: peak_bytes,
      note,
    })
  }
  return { rows, versions: [ours.ready.versions, peers[0]?.process.ready.versions ?? ''] }
}

function startOurs(work: Work): Promise<TimedProcess> {
  const program = join(import.meta.dirname, 'ours/main.ts')
  return TimedProcess.start(process.execPath, [program, JSON.stringify(work)])
}

async function startPeer(python: string, work: Work, mode: (typeof PEER_MODES)[number]) {
  const program = join(import.meta.dirname, 'peer/work.py')
  const start = (of: Work) =>
    TimedProcess.start(python, [program, JSON.stringify({ ...of, mode, ...peerNames(of) })])
  const first = await start(work)
  if (first.ready.loss !== null || work.work === 'step') return { process: first, note: '' }
  await first.close()
  return {
    process: await start({ ...work, steepness: GENTLE_STEEPNESS }),
    note: `the peer’s loss is NaN at β=${work.steepness}: the peer is timed at β=${GENTLE_STEEPNESS}`,
  }
}

/** diffsort's names of network and relaxation. */
function peerNames(work: Work): object {
  if (work.work === 'step') return {}
  const distribution = work.relaxation === 'LogisticPhi' ? 'logistic_phi' : work.relaxation
  const network = work.network === 'OddEven' ? 'odd_even' : work.network
  return { distribution: distribution.toLowerCase(), network: network.toLowerCase() }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
