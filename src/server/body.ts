/** Reads the JSON body of a request. Its seed may have more digits than a double can hold. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/gy

/**
 * The source text of the value of a top-level field. When the field is repeated, the last one counts,
 * as in JSON.parse.
 * @param json valid JSON
 */
function literalOf(json: string, name: string): string | undefined {
  let depth = 0
  let before = ''
  let key = ''
  let found: string | undefined
  TOKEN.lastIndex = 0
  for (;;) {
    while (/\s/.test(json[TOKEN.lastIndex] ?? '')) TOKEN.lastIndex++
    const token = TOKEN.exec(json)?.[0]
    if (token === undefined) return found
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    else if (token === ':') key = before
    else if (depth === 1 && key !== '' && key.startsWith('"') && JSON.parse(key) === name) {
      found = token
      key = ''
    }
    if (token === ',') key = ''
    before = token
  }
}

/**
 * Reads a JSON body. A whole `seed` above 2^53 - 1 becomes its digits, so that none is lost.
 * @throws SyntaxError
 */
export function parseBody(json: string): unknown {
  const body: unknown = JSON.parse(json)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const { seed } = body as { seed?: unknown }
  if (typeof seed !== 'number' || Number.isSafeInteger(seed)) return body
  const literal = literalOf(json, 'seed')
  return literal !== undefined && /^\d+$/.test(literal) ? { ...body, seed: literal } : body
}
