/**
 * Test input only: text in legacy encodings, encoded by asking TextDecoder for every byte sequence
 * what it means. The product reads these encodings and never writes them.
 */
export type LegacyEncoding = string

function* sequences(encoding: LegacyEncoding): Generator<number[]> {
  for (let byte = 0; byte < 0x100; byte++) yield [byte]
  if (!/^(?:shift_jis|euc|gb|big5)/.test(encoding)) return
  for (let first = 0x80; first < 0x100; first++) {
    for (let second = 0x40; second < 0x100; second++) yield [first, second]
  }
  if (encoding !== 'euc-jp') return
  for (let first = 0xa1; first < 0xff; first++) {
    for (let second = 0xa1; second < 0xff; second++) yield [0x8f, first, second]
  }
}

const tables = new Map<LegacyEncoding, Map<string, number[]>>()

function tableOf(encoding: LegacyEncoding): Map<string, number[]> {
  let table = tables.get(encoding)
  if (table !== undefined) return table
  table = new Map()
  const decoder = new TextDecoder(encoding, { fatal: true })
  for (const bytes of sequences(encoding)) {
    try {
      const text = decoder.decode(Uint8Array.from(bytes))
      // The first sequence wins: the plain rows come before vendors' copies of them.
      if (Array.from(text).length === 1 && !table.has(text)) table.set(text, bytes)
    } catch {
      // Not a character in this encoding.
    }
  }
  tables.set(encoding, table)
  return table
}

/** @throws Error for a character that the encoding lacks, unless `lacking` stands for it */
export function encodeLegacy(text: string, encoding: LegacyEncoding, lacking?: string): Uint8Array {
  const table = tableOf(encoding)
  return Uint8Array.from(
    Array.from(text).flatMap(char => {
      const bytes = table.get(char) ?? (lacking === undefined ? undefined : table.get(lacking))
      if (bytes === undefined) throw new Error(`${encoding} lacks ${char}`)
      return bytes
    }),
  )
}
