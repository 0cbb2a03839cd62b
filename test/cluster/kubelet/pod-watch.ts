import type { ApiConnection } from './api-connection.ts'
import type { Delay } from './delay.ts'
import type { Pod } from './pod-object.ts'

export interface PodWatchEvents {
  /** A pod of the node is new or changed. */
  readonly onPod: (pod: Pod) => void
  /** A pod is no longer there. The last state that was seen of it is given when there was one. */
  readonly onGone: (uid: string, last?: Pod) => void
}

interface PodWatch extends PodWatchEvents {
  readonly api: ApiConnection
  readonly node: string
  /** Uids of the pods known now; what a list lacks of them is gone. */
  readonly knownUids: () => readonly string[]
  readonly delay: Delay
  readonly log: (line: string) => void
  readonly signal: AbortSignal
}

const RETRY_MS = 500

interface PodList {
  readonly metadata: { readonly resourceVersion: string }
  readonly items: readonly Pod[]
}

const buildPodsPath = (node: string, query: string): string =>
  `/api/v1/pods?fieldSelector=spec.nodeName%3D${encodeURIComponent(node)}${query}`

/**
 * Follows the pods of one node until the signal aborts: list, watch, and list again when the watch
 * ends.
 */
export async function watchPods(watch: PodWatch): Promise<void> {
  const { signal, log, delay, node } = watch
  while (!signal.aborted) {
    try {
      const resourceVersion = await listPods(watch)
      await followPods(watch, resourceVersion)
    } catch (error) {
      if (signal.aborted) return
      log(`node ${node}: pods cannot be watched now: ${String(error)}`)
    }
    await delay(RETRY_MS, signal)
  }
}

async function listPods({ api, node, knownUids, onPod, onGone }: PodWatch): Promise<string> {
  const answer = await api.call({ method: 'GET', path: buildPodsPath(node, '') })
  if (answer.status !== 200) throw new Error(`the list of pods answered ${answer.status}`)
  const list = answer.body as PodList
  const listed = new Set(list.items.map((pod) => pod.metadata.uid))
  for (const uid of knownUids()) if (!listed.has(uid)) onGone(uid)
  for (const pod of list.items) onPod(pod)
  return list.metadata.resourceVersion
}

async function followPods(watch: PodWatch, from: string): Promise<void> {
  const { api, node, onPod, onGone, signal } = watch
  let resourceVersion = from
  const ended = new AbortController()
  const onLine = (line: string) => {
    const event = JSON.parse(line) as { type: string; object: WatchedPod }
    if (event.type === 'ERROR') return ended.abort()
    resourceVersion = event.object.metadata.resourceVersion
    if (event.type === 'BOOKMARK') return
    if (event.type === 'DELETED') return onGone(event.object.metadata.uid, event.object)
    onPod(event.object)
  }
  const either = AbortSignal.any([signal, ended.signal])
  while (!either.aborted) {
    const query = `&watch=true&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=${resourceVersion}`
    await api.watch(buildPodsPath(node, query), onLine, either)
  }
}

type WatchedPod = Pod & { readonly metadata: { readonly resourceVersion: string } }
