import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import asc from 'assemblyscript/asc'

const folder = join(import.meta.dirname, '../vision/backends/wasm/kernels')
const sourceFolder = join(folder, 'assembly')
const compiledFolder = join(folder, 'compiled')

/**
 * Each entry becomes a module of its own on the one shared memory. Static data
 * of a module lies at its memoryBase; the first 64 KiB are reserved for them.
 */
const ENTRIES = [
  { name: 'tensor-kernels', memoryBase: 1024 },
  { name: 'soft-sort', memoryBase: 32_768 },
] as const

const VARIANTS = {
  simd: ['--enable', 'simd,threads'],
  relaxed: ['--enable', 'simd,relaxed-simd,threads'],
} as const

const FLAGS = [
  ...['--runtime', 'stub', '--use', 'abort=', '-O3', '--noAssert', '--noExportMemory'],
  ...['--importMemory', '--sharedMemory', '--initialMemory', '2', '--maximumMemory', '65536'],
]

interface BuildRecord {
  readonly sources: string
  readonly files: Readonly<Record<string, string>>
}

async function main(): Promise<void> {
  const sources = await computeSourcesDigest()
  if (process.argv.includes('--check')) return check(sources)
  await mkdir(compiledFolder, { recursive: true })
  const files: Record<string, string> = {}
  for (const entry of ENTRIES) {
    if (!existsSync(join(sourceFolder, `${entry.name}.ts`))) continue
    for (const variant of ['simd', 'relaxed'] as const) {
      const file = `${entry.name}.${variant}.wasm`
      await compile(entry, variant, join(compiledFolder, file))
      const bytes = await readFile(join(compiledFolder, file))
      files[file] = digest(bytes)
      console.log(`${file}: ${bytes.length} bytes`)
    }
  }
  await writeFile(recordPath(), `${JSON.stringify({ sources, files }, null, 2)}\n`)
}

async function compile(
  entry: (typeof ENTRIES)[number],
  variant: keyof typeof VARIANTS,
  outFile: string,
): Promise<void> {
  const { error, stderr } = await asc.main([
    join(sourceFolder, `${entry.name}.ts`),
    ...['--outFile', outFile, '--memoryBase', String(entry.memoryBase)],
    ...FLAGS,
    ...VARIANTS[variant],
  ])
  if (error) throw new Error(`${entry.name} does not compile:\n${stderr}`, { cause: error })
}

/** Whether the committed modules are built from the current sources. */
async function check(sources: string): Promise<void> {
  const record = JSON.parse(await readFile(recordPath(), 'utf8')) as BuildRecord
  const stale = record.sources === sources ? [] : ['the sources have changed']
  for (const [file, expected] of Object.entries(record.files)) {
    const found = digest(await readFile(join(compiledFolder, file)))
    if (found !== expected) stale.push(`${file} is not the one that was built`)
  }
  if (stale.length === 0) return
  console.error(`compiled kernels are out of date (${stale.join('; ')}): npm run build:kernels`)
  process.exitCode = 1
}

/** One digest over compiler, flags and all sources, so that any change requires a new build. */
async function computeSourcesDigest(): Promise<string> {
  const hash = createHash('sha256')
  hash.update(JSON.stringify({ version: asc.version, ENTRIES, VARIANTS, FLAGS }))
  const names = (await readdir(sourceFolder)).filter((name) => name.endsWith('.ts'))
  for (const name of names.sort()) {
    hash.update(`\n${name}\n`)
    hash.update(await readFile(join(sourceFolder, name)))
  }
  return hash.digest('hex')
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function recordPath(): string {
  return join(compiledFolder, 'build.json')
}

await main()
