import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StorageError } from '../../std/files/storage-error.ts'
import { openJournal, replayJournal } from './journal.ts'
import type { JournalFolder } from './journal-folder.ts'

/** A folder in memory whose writes can be made to fail, after some of their bytes were written. */
function aStorage() {
  const files = new Map<string, string>()
  let failNext = false
  const fail = (path: string): void => {
    if (!failNext) return
    failNext = false
    throw new StorageError('StorageFull', path, undefined)
  }
  const storage: JournalFolder = {
    read: async (path) => {
      const text = files.get(path)
      if (text === undefined) throw new StorageError('NotFound', path, undefined)
      return Buffer.from(text)
    },
    put: async (path, bytes) => {
      fail(path)
      files.set(path, String(bytes))
    },
    append: async (path, text) => {
      const torn = failNext ? text.slice(0, text.length / 2) : text
      files.set(path, (files.get(path) ?? '') + torn)
      fail(path)
    },
  }
  return {
    storage,
    files,
    failNextWrite: () => {
      failNext = true
    },
  }
}

const reopened = async (storage: JournalFolder) =>
  Object.fromEntries((await openJournal(storage, 'journal')).records)

describe('the journal', () => {
  it('holds after any number of changes what a map would hold', async () => {
    const change = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      value: fc.option(fc.jsonValue(), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 300 }), async (changes) => {
        const { storage } = aStorage()
        const journal = await openJournal(storage, 'journal')
        const model = new Map<string, unknown>()
        for (const { key, value } of changes) {
          if (value === undefined) {
            model.delete(key)
            await journal.remove(key)
          } else {
            model.set(key, JSON.parse(JSON.stringify(value)))
            await journal.put(key, value)
          }
        }
        expect(new Map(Object.entries(await reopened(storage)))).toEqual(model)
      }),
      { numRuns: 30 },
    )
  })

  it('is rewritten before it grows far beyond what it holds', async () => {
    const { storage, files } = aStorage()
    const journal = await openJournal(storage, 'journal')
    for (let at = 0; at < 1000; at++) await journal.put('counter', at)
    expect((files.get('journal') ?? '').split('\n').length).toBeLessThan(210)
    expect(await reopened(storage)).toEqual({ counter: 999 })
  })

  it('loses only the change that a crash tore, at whichever byte', async () => {
    const { storage, files } = aStorage()
    const journal = await openJournal(storage, 'journal')
    await journal.put('a', { text: 'ä\n"' })
    const whole = files.get('journal') ?? ''
    await journal.put('b', [1, 2])
    const both = files.get('journal') ?? ''
    for (let length = whole.length; length < both.length - 1; length++) {
      const replayed = replayJournal(both.slice(0, length), 'journal')
      expect(Object.fromEntries(replayed)).toEqual({ a: { text: 'ä\n"' } })
    }
  })

  it('says where it is damaged', () => {
    expect(() =>
      replayJournal('{"key":"a","value":1}\n{"ke\n{"key":"b","value":1}\n', 'j'),
    ).toThrow(/^j:2: the journal is damaged/)
  })

  it('keeps the old value when the disk is full, and goes on when there is room again', async () => {
    const { storage, failNextWrite } = aStorage()
    const journal = await openJournal(storage, 'journal')
    await journal.put('a', 1)
    failNextWrite()
    await expect(journal.put('a', 2)).rejects.toThrow('no space left to write journal')
    expect(journal.records.get('a')).toBe(1)
    expect(await reopened(storage)).toEqual({ a: 1 })
    await journal.put('b', 3)
    expect(await reopened(storage)).toEqual({ a: 1, b: 3 })
  })
})
