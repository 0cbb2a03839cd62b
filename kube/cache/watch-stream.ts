import { type AbortScope, createAbortScope } from '../../std/abort-scope.ts'
import type { Clock } from '../../std/clock.ts'
import type { ApiClient } from '../client/api-client.ts'
import { ApiError, type ApiStatus, toApiErrorFromStatus } from '../client/api-error.ts'
import type { ApiRequest } from '../client/api-request.ts'
import type { WatchEvent } from './object-cache.ts'

export interface WatchRequest {
  readonly api: ApiClient
  readonly clock: Clock
  readonly path: string
  readonly query: NonNullable<ApiRequest['query']>
  /** Events after this version. */
  readonly from: string
  /** The server ends the watch after this time. */
  readonly timeoutSeconds: number
  /** Without a line for this long, a bookmark included, the connection counts as dead. */
  readonly idleTimeoutMs: number
  readonly signal: AbortSignal
}

export interface Bookmark {
  readonly type: 'BOOKMARK'
  readonly object: { readonly metadata: { readonly resourceVersion: string } }
}
type WatchLine<T> =
  | WatchEvent<T>
  | Bookmark
  | { readonly type: 'ERROR'; readonly object: ApiStatus }

/** Aborts the scope when it was not touched for a time. */
function startIdleTimer(clock: Clock, idleTimeoutMs: number, onIdle: () => void) {
  let cancel = clock.after(idleTimeoutMs, onIdle)
  return {
    reset: () => {
      cancel()
      cancel = clock.after(idleTimeoutMs, onIdle)
    },
    stop: () => cancel(),
  }
}

const buildWatchRequest = (
  { path, query, from, timeoutSeconds }: WatchRequest,
  { signal }: AbortScope,
): ApiRequest => ({
  method: 'GET',
  path,
  query: {
    ...query,
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion: from,
    timeoutSeconds,
  },
  signal,
})

/**
 * The events and bookmarks of one watch, until the server ends it. Fails with ApiError, 410
 * included.
 */
export async function* streamWatchEvents<T>(
  options: WatchRequest,
): AsyncGenerator<WatchEvent<T> | Bookmark> {
  const { api, clock, path, idleTimeoutMs, signal } = options
  const scope = createAbortScope([signal])
  const message = `WATCH ${path}: nothing came for ${idleTimeoutMs} ms`
  const idleTimer = startIdleTimer(clock, idleTimeoutMs, () =>
    scope.abort(new ApiError({ status: 0, reason: 'Idle', message })),
  )
  try {
    for await (const line of api.stream(buildWatchRequest(options, scope))) {
      idleTimer.reset()
      if (line === '') continue
      const event = JSON.parse(line) as WatchLine<T>
      if (event.type === 'ERROR') throw toApiErrorFromStatus(`WATCH ${path}`, event.object)
      yield event
    }
  } finally {
    idleTimer.stop()
    scope.end()
  }
}
