import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startPrometheusTestbed } from '../testbed/prometheus-testbed.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { openTestbedFolder } from '../testbed/testbed-folder.ts'
import { waitUntil } from '../testbed/wait-until.ts'

const { programs } = sharedTestbed()

test('Prometheus scrapes a target that appears in the file while it runs, and answers queries', async () => {
  const folder = await openTestbedFolder()
  const server = createServer((_, response) => {
    // Prometheus 3 refuses an answer that does not name its format.
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end('# TYPE answer gauge\nanswer{of="all"} 42\n')
  })
  const { promise: listening, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await listening
  const targetsFile = join(folder.path, 'targets.json')
  await writeFile(targetsFile, '[]')
  const prometheus = await startPrometheusTestbed({
    folder,
    program: programs.prometheus,
    targetsFile,
  })
  try {
    const target = `127.0.0.1:${(server.address() as AddressInfo).port}`
    await writeFile(targetsFile, JSON.stringify([{ targets: [target], labels: { pod: 'a' } }]))
    const [sample] = await waitUntil({
      what: 'the first scrape',
      withinMs: 60_000,
      look: async () => {
        const samples = await prometheus.query('answer')
        return samples.length > 0 ? samples : undefined
      },
    })
    expect(sample).toEqual({
      value: 42,
      labels: { __name__: 'answer', of: 'all', pod: 'a', job: 'neco', instance: target },
    })
    await expect(prometheus.query('rate(')).rejects.toThrow(/parse error/)
  } finally {
    await prometheus.close()
    server.close()
    await folder.remove()
  }
})
