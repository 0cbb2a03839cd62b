import { describeObjectsContract } from '../operator/ports/contract/objects-contract.ts'
import { simulatedHome } from './simulated-home.ts'

describeObjectsContract('the simulated home', async () => simulatedHome())
