import { describe, expect, it } from 'vitest'
import { FileError, InputError } from '../errors.js'
import { inBothLanguages, japaneseOf } from './japanese.js'

describe('the Japanese of refusals', () => {
  it.each([
    [
      'The file "embedding" has 1096 bytes; expected 1104 for 23 x 12 numbers: it is incomplete, download the model again.',
      'ファイル "embedding" は1096バイトですが、23 x 12個の数には1104バイト必要です。欠けています。モデルをダウンロードし直してください。',
    ],
    [
      'The PyTorch file "a \\"b\\".pt" is damaged or cut short; save or download it again.',
      'PyTorchのファイル "a \\"b\\".pt" は壊れているか、途中で切れています。保存し直すか、ダウンロードし直してください。',
    ],
    [
      'The pickle in "model.pt" calls "os.system", which tensors do not need; such a file can run programs and is not read: save the state_dict with torch.save(model.state_dict(), path), or as safetensors.',
      '"model.pt" のpickleは、テンソルに必要のない "os.system" を呼び出します。プログラムを実行し得るので読みません。torch.save(model.state_dict(), path) かsafetensorsで保存してください。',
    ],
    [
      'The training of this model ran away: its logits change by 1.8e+2 with the rounding of float32 alone, so that it predicts nothing; take an earlier checkpoint.',
      'このモデルの学習は発散しています。float32の丸めだけでロジットが 1.8e+2 変わり、予測になりません。もっと前のチェックポイントを使ってください。',
    ],
    [
      'The archive "m.keras" has the entry "../../etc/passwd", which leaves the archive.',
      'アーカイブ "m.keras" の項目 "../../etc/passwd" はアーカイブの外を指しています。',
    ],
  ])('says the same: %s', (english, japanese) => {
    expect(japaneseOf(english)).toBe(japanese)
  })

  it('leaves a sentence alone that has Japanese, and says of others what failed', () => {
    const known = new FileError('x', 'No.', { ja: 'いいえ。' })
    expect(inBothLanguages(known)).toBe(known)
    const odd = inBothLanguages(new FileError('keras', 'A thing nobody wrote down.'))
    expect(odd).toBeInstanceOf(FileError)
    expect([odd.code, odd.message]).toEqual(['keras', 'A thing nobody wrote down.'])
    expect(odd.ja).toBe(
      'ファイルを読めません。壊れているか、Ondoが対応していない構成です。詳細（英語）：A thing nobody wrote down.',
    )
    const asked = inBothLanguages(new InputError('vocabulary', 'Which', { way: 'vocabulary' }))
    expect(asked).toBeInstanceOf(InputError)
    expect(asked.way).toBe('vocabulary')
    expect(asked.message).toMatch(/^Which; /)
  })

  it('is found for hostile names in little time', () => {
    const name = JSON.stringify('\\"'.repeat(30))
    const start = performance.now()
    for (let i = 0; i < 200; i++) japaneseOf(`The PyTorch file ${name} ${'and '.repeat(200)}.`)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})
