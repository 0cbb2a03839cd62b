import { describeObjectsContract } from '../contract/objects-contract.ts'
import { createSimulatedPlatform } from './simulated-platform.ts'

describeObjectsContract('the simulated home', async () => createSimulatedPlatform())
