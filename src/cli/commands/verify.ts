/** `ondo verify`: does a saved run come out the same here? */
import { counted, InputError } from '../../errors.js'
import { type Difference, verifyRun } from '../../generate/index.js'
import type { Bilingual } from '../../knob.js'
import { modelOfRun, openRun, RUN_ARGUMENT } from '../inputs/open-run.js'
import type { CommandSpec } from '../spec.js'
import { DONE, FAILED, type Io } from '../terminal/io.js'
import { promptProgress } from '../terminal/progress-line.js'

const WHAT: Readonly<Record<string, Bilingual>> = {
  symbol: { en: '', ja: '' },
  end: { en: ', the end', ja: '（終わり方）' },
  prompt: { en: ' of the prompt', ja: '（書き出しの中）' },
  text: { en: ', the text', ja: '（本文）' },
}

function sentence({ position, what, expected, came }: Difference, io: Io): string {
  const where = WHAT[what] ?? { en: `, ${what}`, ja: `（${what}）` }
  return io.t({
    en: `differs at position ${position}${where.en}: expected ${expected}, came ${came}`,
    ja: `位置 ${position}${where.ja} で相違：記録は ${expected}、結果は ${came}`,
  })
}

async function run(io: Io, [name, modelName]: readonly unknown[], given: object): Promise<number> {
  const { json } = given as { json?: boolean }
  const named = await openRun(name)
  const { record } = named
  if (!record) {
    throw new InputError(
      'run',
      'A code holds no text to compare with; give the file of `ondo sample --save`, or write the text with `ondo replay`.',
      {
        ja: 'コードには比較する文章がありません。`ondo sample --save` のファイルを指定するか、`ondo replay` で文章を書いてください。',
      },
    )
  }
  const model = await modelOfRun(named, modelName, io)
  const difference = await verifyRun(model, record, {
    signal: io.interrupt,
    onPrompt: promptProgress(io),
  })
  if (json) await io.json({ equal: difference === undefined, model: model.hash, ...difference })
  else if (difference) await io.write(`${sentence(difference, io)}\n`)
  else {
    const { ids, steps, run: header } = record
    const name = model.name === undefined ? '' : ` (${model.name})`
    const old = header.model !== model.hash
    const which = `${model.hash.slice(0, 12)}…${name}`
    await io.write(
      `${io.t({
        en: `equal: ${counted(ids.length, 'symbol')}${steps ? ', each with its record' : ''}; model ${which}${old ? ', which the run names by the hash of its file' : ''}`,
        ja: `一致：${ids.length}文字${steps ? '、各文字の記録も' : ''}。モデルは ${which}${old ? '（記録はファイルのハッシュで示している）' : ''}`,
      })}\n`,
    )
  }
  return difference ? FAILED : DONE
}

export const verify: CommandSpec = {
  name: 'verify',
  arguments: RUN_ARGUMENT,
  about: {
    en: 'Writes a saved run again and compares it with what was saved: every symbol, how it ended, and the records of the steps, if saved, to the last bit. The exit code is 0 if all is equal, and 1 with the first difference if not.',
    ja: '保存した実行の文章を書き直し、記録と比べます。すべての文字、終わり方、1文字ごとの記録があればその数値を最後のビットまで比較します。すべて同じなら終了コード0、違えば最初の相違を示して1で終わります。',
  },
  examples: [
    ['ondo sample --save run.json --record', { en: 'save a run', ja: '実行を保存' }],
    ['ondo verify run.json', { en: 'is it the same here?', ja: 'ここでも同じか' }],
    ['ondo verify run.json runs/book', { en: 'its model is here', ja: 'モデルの場所を示す' }],
  ],
  flags: [{ flags: '--json', about: { en: 'print one line of JSON', ja: '1行のJSONで出力する' } }],
  run,
}
