import type { Clock } from '../../operator/ports/clock.ts'
import { type AbortScope, abortScope } from '../abort-scope.ts'
import type { ApiClient, ApiRequest } from '../client/api-client.ts'
import { ApiError, type ApiStatus, errorOfStatus } from '../client/api-error.ts'
import type { WatchEvent } from './object-cache.ts'

export interface WatchOptions {
  readonly api: ApiClient
  readonly clock: Clock
  readonly path: string
  readonly query: NonNullable<ApiRequest['query']>
  /** Events after this version. */
  readonly from: string
  /** The server ends the watch after this time. */
  readonly timeoutSeconds: number
  /** Without a line for this long, a bookmark included, the connection counts as dead. */
  readonly idleMs: number
  readonly signal: AbortSignal
}

export interface Bookmark {
  readonly type: 'BOOKMARK'
  readonly object: { readonly metadata: { readonly resourceVersion: string } }
}
type Line<T> = WatchEvent<T> | Bookmark | { readonly type: 'ERROR'; readonly object: ApiStatus }

/** Aborts the scope when it was not touched for a time. */
function watchdog(clock: Clock, idleMs: number, bark: () => void) {
  let cancel = clock.after(idleMs, bark)
  return {
    touch: () => {
      cancel()
      cancel = clock.after(idleMs, bark)
    },
    stop: () => cancel(),
  }
}

const requestOf = (
  { path, query, from, timeoutSeconds }: WatchOptions,
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

/** The events and bookmarks of one watch, until the server ends it. Fails with ApiError, 410 included. */
export async function* watchStream<T>(
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T> | Bookmark> {
  const { api, clock, path, idleMs, signal } = options
  const scope = abortScope([signal])
  const message = `WATCH ${path}: nothing came for ${idleMs} ms`
  const dog = watchdog(clock, idleMs, () =>
    scope.abort(new ApiError({ status: 0, reason: 'Idle', message })),
  )
  try {
    for await (const line of api.stream(requestOf(options, scope))) {
      dog.touch()
      if (line === '') continue
      const event = JSON.parse(line) as Line<T>
      if (event.type === 'ERROR') throw errorOfStatus(`WATCH ${path}`, event.object)
      yield event
    }
  } finally {
    dog.stop()
    scope.end()
  }
}
