import { X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { makeAuthority } from './certificate.ts'

const answer = async (ca: string, host: string, port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ca, servername: host })
    socket.once('secureConnect', () => resolve('trusted'))
    socket.once('error', (cause) => resolve((cause as NodeJS.ErrnoException).code ?? cause.message))
    socket.once('close', () => resolve('closed'))
    socket.once('secureConnect', () => socket.destroy())
  })

test('a server with an issued certificate is trusted under its names by clients that trust the authority, and not otherwise', async () => {
  const authority = makeAuthority('testbed')
  const other = makeAuthority('testbed')
  const { certPem, keyPem } = authority.issue('server', ['localhost', '127.0.0.1'])
  const server = createServer({ cert: certPem, key: keyPem }, (socket: TLSSocket) => socket.end())
  server.on('tlsClientError', () => undefined)
  const { promise: listening, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await listening
  const { port } = server.address() as AddressInfo
  const answers = [
    await answer(authority.certPem, 'localhost', port),
    await answer(authority.certPem, 'elsewhere.test', port),
    await answer(other.certPem, 'localhost', port),
  ]
  server.close()
  expect(answers).toEqual([
    'trusted',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    expect.stringMatching(/CERT|UNABLE/),
  ])
})

test('a certificate is valid for a year, also across the change of the date format in 2050', () => {
  const issued = makeAuthority('testbed', Date.UTC(2049, 5, 1)).issue('server', ['10.0.0.1'])
  const read = new X509Certificate(issued.certPem)
  expect([read.validFrom, read.validTo, read.subjectAltName]).toEqual([
    'May 31 23:00:00 2049 GMT',
    'Jun  1 00:00:00 2050 GMT',
    'IP Address:10.0.0.1',
  ])
})
