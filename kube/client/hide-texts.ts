/** Enough of a key or a token to be worth hiding, and more than words and names have in common by chance. */
const PIECE = 16
const HIDDEN = '[secret]'

const formsOf = (text: string): readonly string[] => [
  text,
  JSON.stringify(text),
  Buffer.from(text).toString('base64'),
]

/** Where in a text pieces begin that are held. */
const startsIn = (text: string, isHeld: (piece: string) => boolean): readonly number[] =>
  Array.from({ length: Math.max(0, text.length - PIECE + 1) }, (_, at) => at).filter((at) =>
    isHeld(text.slice(at, at + PIECE)),
  )

function withoutPieces(text: string, starts: readonly number[]): string {
  let shown = ''
  let from = 0
  for (const at of starts) {
    if (at >= from) shown += text.slice(from, at) + HIDDEN
    from = at + PIECE
  }
  return shown + text.slice(from)
}

/**
 * Takes out of a text every piece of the given texts, as they are, escaped or in base64: an API server, or a webhook
 * behind it, may repeat in its refusal what it was sent.
 */
export function hidingTexts(texts: readonly string[]): (text: string) => string {
  const held = texts.flatMap(formsOf)
  if (held.length === 0) return (text) => text
  const isHeld = (piece: string): boolean => held.some((form) => form.includes(piece))
  return (text) => withoutPieces(text, startsIn(text, isHeld))
}
