/**
 * Enough of a key or a token to be worth hiding, and more than words and names have in common by
 * chance.
 */
const PIECE_LENGTH = 16
const REDACTED = '[secret]'

const listEncodings = (text: string): readonly string[] => [
  text,
  JSON.stringify(text),
  Buffer.from(text).toString('base64'),
]

/** Where in a text pieces begin that are held. */
const findMatchStarts = (
  text: string,
  isSecretPiece: (piece: string) => boolean,
): readonly number[] =>
  Array.from({ length: Math.max(0, text.length - PIECE_LENGTH + 1) }, (_, at) => at).filter((at) =>
    isSecretPiece(text.slice(at, at + PIECE_LENGTH)),
  )

function redactPieces(text: string, starts: readonly number[]): string {
  let redacted = ''
  let from = 0
  for (const at of starts) {
    if (at >= from) redacted += text.slice(from, at) + REDACTED
    from = at + PIECE_LENGTH
  }
  return redacted + text.slice(from)
}

/**
 * Takes out of a text every piece of the given texts, as they are, escaped or in base64: an API
 * server, or a webhook behind it, may repeat in its refusal what it was sent.
 */
export function createTextRedactor(texts: readonly string[]): (text: string) => string {
  const encodings = texts.flatMap(listEncodings)
  if (encodings.length === 0) return (text) => text
  const isSecretPiece = (piece: string): boolean =>
    encodings.some((encoding) => encoding.includes(piece))
  return (text) => redactPieces(text, findMatchStarts(text, isSecretPiece))
}
