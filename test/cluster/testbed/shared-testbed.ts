import { inject } from 'vitest'
import { connectTestbed, type SharedTestbed, type TestbedInfo } from './testbed-info.ts'

export type { SharedTestbed } from './testbed-info.ts'

declare module 'vitest' {
  interface ProvidedContext {
    readonly testbed: TestbedInfo
  }
}

/** The testbed that the set-up of this run started. */
export const sharedTestbed = (): SharedTestbed => connectTestbed(inject('testbed'))
