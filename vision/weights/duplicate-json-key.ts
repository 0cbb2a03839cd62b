/**
 * The first key that stands twice in one object of a JSON text, or undefined. JSON.parse keeps the
 * last of the two without a word, which would let a tampered header say two things of one tensor.
 * The text must be valid JSON.
 */
export function duplicateJsonKey(text: string): string | undefined {
  const open: Set<string>[] = []
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g
  for (const match of text.matchAll(token)) {
    if (match[0] === '{') open.push(new Set())
    else if (match[0] === '}') open.pop()
    else if (match[1] !== undefined) {
      const key = String(JSON.parse(match[0].slice(0, match[0].lastIndexOf('"') + 1)))
      const seen = open.at(-1)
      if (seen?.has(key)) return key
      seen?.add(key)
    }
  }
  return undefined
}
