import type { ApiConnection } from './api-connection.ts'

/** A promise that may fail without anybody waiting for it. */
function handled(): PromiseWithResolvers<void> {
  const resolvers = Promise.withResolvers<void>()
  resolvers.promise.catch(() => undefined)
  return resolvers
}

/**
 * The connection of one node to the API server. While it is cut, requests wait until it is
 * restored, as on a node that lost its network.
 */
export class NodeLink {
  #restored = handled()
  #isCut = false
  #isClosed = false

  get isCut(): boolean {
    return this.#isCut
  }

  cut(): void {
    if (this.#isCut || this.#isClosed) return
    this.#isCut = true
    this.#restored = handled()
  }

  restore(): void {
    this.#isCut = false
    this.#restored.resolve()
  }

  /** Every waiting and every later call fails. */
  close(): void {
    this.#isClosed = true
    this.#restored.reject(new Error('the kubelet is closed'))
  }

  /** The API as the node reaches it. */
  over(api: ApiConnection): ApiConnection {
    const whenOpen = async () => {
      if (this.#isCut) await this.#restored.promise
      if (this.#isClosed) throw new Error('the kubelet is closed')
    }
    return {
      ...api,
      call: async (call) => {
        await whenOpen()
        return api.call(call)
      },
    }
  }
}
