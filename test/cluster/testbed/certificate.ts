import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'
import {
  bits,
  boolean,
  integer,
  objectId,
  octets,
  sequence,
  set,
  tagged,
  text,
  time,
} from './der.ts'

export interface Certificate {
  readonly certPem: string
  readonly keyPem: string
}

/** A certificate authority of the testbed: clients that have its `certPem` trust what it issues. */
export interface Authority extends Certificate {
  /** A server's certificate for names and IPv4 addresses. */
  readonly issue: (name: string, hosts: readonly string[]) => Certificate
}

interface CertificateContent {
  readonly subject: string
  readonly issuer: string
  readonly publicKey: KeyObject
  readonly signer: KeyObject
  readonly extensions: readonly Buffer[]
}

const ECDSA_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'))
const HOUR_MS = 3_600_000
const VALIDITY_MS = 365 * 24 * HOUR_MS

const encodeDistinguishedName = (common: string): Buffer =>
  sequence(set(sequence(objectId('2.5.4.3'), text(common))))

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  sequence(objectId(id), ...(critical ? [boolean(true)] : []), octets(value))

const authorityExtensions = (): readonly Buffer[] => [
  extension('2.5.29.19', true, sequence(boolean(true))),
  // keyCertSign and cRLSign.
  extension('2.5.29.15', true, bits(Buffer.from([0x06]), 1)),
]

const encodeGeneralName = (host: string): Buffer =>
  isIPv4(host)
    ? tagged(0x87, Buffer.from(host.split('.').map(Number)))
    : tagged(0x82, Buffer.from(host, 'ascii'))

const serverExtensions = (hosts: readonly string[]): readonly Buffer[] => [
  extension('2.5.29.15', true, bits(Buffer.from([0x80]), 7)),
  extension('2.5.29.37', false, sequence(objectId('1.3.6.1.5.5.7.3.1'))),
  extension('2.5.29.17', false, sequence(...hosts.map(encodeGeneralName))),
]

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`

function certify(content: CertificateContent, nowMs: number): string {
  const serial = randomBytes(16)
  serial[0] = (serial[0] ?? 0) | 0x40
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_SHA256,
    encodeDistinguishedName(content.issuer),
    sequence(time(nowMs - HOUR_MS), time(nowMs + VALIDITY_MS)),
    encodeDistinguishedName(content.subject),
    content.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...content.extensions)),
  )
  return pem(sequence(body, ECDSA_SHA256, bits(sign('sha256', body, content.signer))))
}

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

/** Makes an authority whose certificates live a year, without any program but Node. */
export function makeAuthority(name: string, nowMs: number = Date.now()): Authority {
  const own = newKey()
  const signed = { issuer: name, signer: own.privateKey }
  const extensions = authorityExtensions()
  const certPem = certify({ ...signed, subject: name, publicKey: own.publicKey, extensions }, nowMs)
  return {
    certPem,
    keyPem: keyPem(own.privateKey),
    issue: (subject, hosts) => {
      const { publicKey, privateKey } = newKey()
      const content = { ...signed, subject, publicKey, extensions: serverExtensions(hosts) }
      return { certPem: certify(content, nowMs), keyPem: keyPem(privateKey) }
    },
  }
}
