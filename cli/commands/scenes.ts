import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import sharp from 'sharp'
import { drawContactSheet } from '../../vision/scenes/contact-sheet.ts'
import { type Call, type Command, flagValue } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { InputError } from '../input-error.ts'
import type { Shell } from '../shell.ts'

const LARGEST_SEED = 2 ** 31 - 1

/** Reads a whole number flag within bounds, or takes the default. */
function wholeNumber(
  call: Call,
  flag: string,
  { otherwise, least, greatest }: { otherwise: number; least: number; greatest: number },
): number {
  const text = flagValue(call, flag)
  if (text === undefined) return otherwise
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= greatest) return value
  throw new InputError([
    `neco scenes: --${flag} ${text}: expected a whole number from ${least} to ${greatest}`,
  ])
}

async function perform(call: Call, shell: Shell) {
  const sheet = flagValue(call, 'sheet')
  if (sheet === undefined) {
    throw new InputError([
      'neco scenes: --sheet FILE is missing',
      'for example: neco scenes --sheet sheet.png',
    ])
  }
  const columns = wholeNumber(call, 'columns', { otherwise: 6, least: 1, greatest: 40 })
  const rows = wholeNumber(call, 'rows', { otherwise: 2, least: 1, greatest: 40 })
  const firstSeed = wholeNumber(call, 'seed', { otherwise: 1, least: 0, greatest: LARGEST_SEED })
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
  summary: 'draw a contact sheet of the pictures that kind Scenes draws, with their masks',
  operands: [],
  flags: {
    sheet: { value: 'FILE', description: 'where the PNG goes' },
    seed: { value: 'N', description: 'seed of the first picture; 1 when left out' },
    columns: { value: 'N', description: 'pictures in a row; 6 when left out' },
    rows: { value: 'N', description: 'rows of pictures; 2 when left out' },
  },
  notes: [],
  examples: ['neco scenes --sheet sheet.png'],
  perform,
}
