type Attributes = Readonly<Record<string, string | number>>

/** Text as it stands between the tags of SVG. */
export const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Coordinates to a tenth of a pixel keep the file small and the same on every machine. */
const attributeText = (value: string | number): string =>
  typeof value === 'number'
    ? String(Math.round(value * 10) / 10)
    : escapeText(value).replaceAll('"', '&quot;')

/** One SVG element with its children. */
export function element(
  name: string,
  attributes: Attributes,
  children: readonly string[] = [],
): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${attributeText(value)}"`)
    .join('')
  return children.length === 0
    ? `<${name}${written}/>`
    : `<${name}${written}>${children.join('')}</${name}>`
}

/** A text element. */
export const text = (content: string, attributes: Attributes): string =>
  element('text', attributes, [escapeText(content)])

/** A path through points, in pixels. */
export const polyline = (points: readonly (readonly [number, number])[]): string =>
  points
    .map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${attributeText(x)} ${attributeText(y)}`)
    .join('')
