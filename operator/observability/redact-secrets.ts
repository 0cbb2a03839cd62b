/** What a secret looks like in a text, and what stays of it. */
const SECRET_PATTERNS: readonly (readonly [RegExp, string])[] = [
  // PEM, also with its line ends escaped as in JSON.
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?-----END \1-----/g, '[secret]'],
  // The decorated seed and token of NATS credentials.
  [/-----BEGIN (NATS USER JWT|USER NKEY SEED)-----[\s\S]*?-{4,6}END \1-{4,6}/g, '[secret]'],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+/g, '[secret]'],
  // Seeds of NATS keys: S, the kind, and base32.
  [/\bS[ACNOUX][A-Z2-7]{56}\b/g, '[secret]'],
  [/\b(Bearer|Basic) [\w.~+/=-]{6,}/gi, '$1 [secret]'],
  [/(:\/\/[^\s/:@"]*:)[^\s/@"]+@/g, '$1[secret]@'],
]

/** The text with everything taken out that looks like a key, a token or a password. */
export const redactSecrets = (text: string): string =>
  SECRET_PATTERNS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text)
