import { describeObjectsContract } from '../contract/objects-contract.ts'
import { createSimulatedPlatform } from './simulated-platform.ts'

describeObjectsContract('the simulated platform', async () => createSimulatedPlatform())
