import { describeObjectsPort } from '../operator/ports/contract/objects-contract.ts'
import { simulatedHome } from './simulated-home.ts'

describeObjectsPort('the simulated home', async () => simulatedHome())
