import { inject } from 'vitest'
import { type BedFacts, bedOf, type SharedBed } from './bed-of-facts.ts'

export type { SharedBed } from './bed-of-facts.ts'

declare module 'vitest' {
  interface ProvidedContext {
    readonly bed: BedFacts
  }
}

/** The bed that the set-up of this run started. */
export const sharedBed = (): SharedBed => bedOf(inject('bed'))
