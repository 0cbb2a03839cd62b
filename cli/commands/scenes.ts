import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import sharp from 'sharp'
import { drawContactSheet } from '../../vision/scenes/contact-sheet.ts'
import { type Command, type ParsedArgs, readFlagValue } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { InputError } from '../input-error.ts'
import type { Shell } from '../shell.ts'

const MAX_SEED = 2 ** 31 - 1

/** Reads a whole number flag within bounds, or takes the default. */
function parseIntegerFlag(
  args: ParsedArgs,
  flag: string,
  {
    otherwise: fallback,
    least: min,
    greatest: max,
  }: { otherwise: number; least: number; greatest: number },
): number {
  const text = readFlagValue(args, flag)
  if (text === undefined) return fallback
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new InputError([
    `neco scenes: --${flag} ${text}: expected a whole number from ${min} to ${max}`,
  ])
}

async function runScenes(args: ParsedArgs, shell: Shell) {
  const sheet = readFlagValue(args, 'sheet')
  if (sheet === undefined) {
    throw new InputError([
      'neco scenes: --sheet FILE is missing',
      'for example: neco scenes --sheet sheet.png',
    ])
  }
  const columns = parseIntegerFlag(args, 'columns', { otherwise: 6, least: 1, greatest: 40 })
  const rows = parseIntegerFlag(args, 'rows', { otherwise: 2, least: 1, greatest: 40 })
  const firstSeed = parseIntegerFlag(args, 'seed', { otherwise: 1, least: 0, greatest: MAX_SEED })
  const { width, height, rgb } = drawContactSheet({ firstSeed, columns, rows })
  const path = resolve(shell.cwd, sheet)
  await mkdir(dirname(path), { recursive: true })
  await sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path)
  shell.write(
    `${sheet}: ${columns * rows} scenes from seed ${firstSeed}, ${width} × ${height} px\n`,
  )
  return EXIT.Done
}

export const scenesCommand: Command = {
  name: 'scenes',
  summary: 'draw a contact sheet of the images of kind Scenes, with their masks',
  operands: [],
  flags: {
    sheet: { value: 'FILE', description: 'where the PNG goes' },
    seed: { value: 'N', description: 'seed of the first image; 1 when left out' },
    columns: { value: 'N', description: 'images in a row; 6 when left out' },
    rows: { value: 'N', description: 'rows of images; 2 when left out' },
  },
  notes: [],
  examples: ['neco scenes --sheet sheet.png'],
  run: runScenes,
}
