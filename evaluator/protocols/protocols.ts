import type { Protocol } from '../../method/protocols.ts'
import { measureInContext } from './in-context/protocol.ts'
import { measureLinear } from './linear/protocol.ts'
import { measureNeighborAgreement } from './neighbor-agreement/protocol.ts'
import type { MeasureProtocol } from './protocol.ts'

/** The measure of every protocol that method/protocols.ts declares. */
export const MEASURES: { readonly [Name in Protocol]: MeasureProtocol<Name> } = {
  InContext: measureInContext,
  Linear: measureLinear,
  NeighborAgreement: measureNeighborAgreement,
}
