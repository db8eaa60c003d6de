/** `ondo replay`: the text of a saved run, or of a code, written again. */
import { generate, optionsOf, promptIds, runHeader } from '../../generate/index.js'
import { writableStops } from '../../text/index.js'
import { modelOfRun, openRun, RUN_ARGUMENT } from '../inputs/open-run.js'
import type { CommandSpec } from '../spec.js'
import { BufferedOutput, DONE, type Io, jsonLine } from '../terminal/io.js'
import { promptProgress } from '../terminal/progress-line.js'
import { TextOutput } from '../terminal/text-output.js'

interface ReplayOptions {
  readonly echo: boolean
  readonly json?: boolean
}

async function run(io: Io, [name, modelName]: readonly unknown[], given: object): Promise<number> {
  const { echo, json } = given as ReplayOptions
  const named = await openRun(name)
  const model = await modelOfRun(named, modelName, io)
  const { record } = named
  const { prompt, unknown, temperature } = named.run
  const options = {
    ...optionsOf(named.run),
    stop: writableStops(named.run.stop, model.tokenizer),
    ...(record?.stop === 'interrupted' && { length: record.ids.length }),
  }
  const shown = echo && prompt.trim() !== ''
  const onPrompt = promptProgress(io)
  if (json) {
    const ids = promptIds(model, prompt, unknown)
    const header = runHeader(model, { ...options, prompt, ids, temperature })
    await io.write(jsonLine({ type: 'run', ...header }))
  }
  const lines = new BufferedOutput(io)
  const output = json ? undefined : new TextOutput(io, model)
  output?.begin(shown ? prompt : '')
  for await (const step of generate(model, { ...options, signal: io.interrupt, onPrompt })) {
    if (output) await output.push(step)
    else await lines.push(jsonLine({ type: 'step', ...step }))
  }
  await lines.flush()
  await output?.end()
  await output?.endLine(true)
  return io.interrupted ? io.interruptedCode : DONE
}

export const replay: CommandSpec = {
  name: 'replay',
  arguments: RUN_ARGUMENT,
  about: {
    en: 'Writes the text of a run again, the same in every character. RUN is a file of `ondo sample --save`, a code of `ondo sample --code`, or - for a file on standard input. The model is found by its hash among the bundled ones and at the path where the run was made; otherwise name it.',
    ja: '保存した実行の文章を、1文字も違わずに再現します。RUNは `ondo sample --save` のファイル、`ondo sample --code` のコード、または標準入力を表す「-」。モデルは付属モデルと実行時の場所からハッシュで探します。ほかの場所にあるときはMODELで指定してください。',
  },
  examples: [
    ['ondo sample --save run.json', { en: 'save a run', ja: '実行を保存' }],
    ['ondo replay run.json', { en: 'write it again', ja: '同じ文章を書く' }],
    ['ondo replay run.json runs/book', { en: 'its model is here', ja: 'モデルの場所を示す' }],
    [
      'ondo replay "$(ondo sample --code 2>&1 >/dev/null)"',
      { en: 'a code is enough', ja: 'コードだけで再現する' },
    ],
  ],
  flags: [
    {
      flags: '--no-echo',
      about: { en: 'leave the prompt out of the output', ja: '書き出しを出力に含めない' },
    },
    {
      flags: '--json',
      about: {
        en: 'print JSON lines: the run, then each step with its probabilities',
        ja: 'JSON Linesで出力する。実行の設定、各文字とその確率の順',
      },
    },
  ],
  run,
}
