const ADDRESSES_PER_BLOCK = 254
const FIRST_NETWORK = 64
const NETWORKS = 64
const BLOCKS = 16

/** A small number made of a text, always the same (FNV-1a). */
function hashFnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

/**
 * Gives each pod a loopback address of its own, so that pods may listen on the same port. Kubelets
 * with different seeds use different networks of 4064 addresses within 127.64 to 127.127, mostly.
 */
export class PodAddresses {
  readonly #network: string
  readonly #firstBlock: number
  readonly #byUid = new Map<string, string>()
  readonly #free: string[] = []
  #next = 1

  constructor(seed: string) {
    const number = hashFnv1a(seed)
    this.#network = `127.${FIRST_NETWORK + (number % NETWORKS)}`
    this.#firstBlock = (Math.floor(number / NETWORKS) % BLOCKS) * BLOCKS
  }

  /** The address of a pod; the same one each time until it is released. */
  assign(uid: string): string {
    const address = this.#byUid.get(uid) ?? this.#free.shift() ?? this.#fresh()
    this.#byUid.set(uid, address)
    return address
  }

  /** Lets another pod have the address. */
  release(uid: string): void {
    const address = this.#byUid.get(uid)
    if (address !== undefined) this.#free.push(address)
    this.#byUid.delete(uid)
  }

  #fresh(): string {
    const number = this.#next++
    const block = this.#firstBlock + Math.floor((number - 1) / ADDRESSES_PER_BLOCK)
    return `${this.#network}.${block}.${((number - 1) % ADDRESSES_PER_BLOCK) + 1}`
  }
}
