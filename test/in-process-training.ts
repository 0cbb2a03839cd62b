import type { RunConfig } from '../contract/run-config.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import { openSpool } from '../pod/spool.ts'
import type { Storage } from '../pod/storage.ts'
import { spoolPath } from '../pod/storage-layout.ts'
import { type TrainingSummary, train } from '../trainer/train.ts'

export interface InProcessOptions {
  /** Instead of the folder of the config. */
  readonly storage?: Storage
  readonly signal?: AbortSignal
  readonly log?: (message: string, data: Readonly<Record<string, unknown>>) => void
  readonly warn?: (message: string, data: Readonly<Record<string, unknown>>) => void
}

/** Trains in this process on the backend that is started, with a clock that stands still but for a tick at each look. */
export function trainInProcess(
  config: RunConfig,
  { storage, signal, log, warn }: InProcessOptions = {},
): Promise<TrainingSummary> {
  const chosen = storage ?? folderStorage(config.execution.storage, () => 0)
  let ticks = 0
  return train(config, {
    storage: chosen,
    signal: signal ?? new AbortController().signal,
    monotonicMs: () => ticks++,
    yieldToEventLoop: () => Promise.resolve(),
    openSpool: (folder) =>
      openSpool({
        storage: chosen,
        path: spoolPath(folder),
        identity: config.identity,
        now: () => new Date(0),
        monotonicMs: () => ticks++,
      }),
    log: log ?? (() => undefined),
    warn: warn ?? (() => undefined),
    backend: 'test',
  })
}
