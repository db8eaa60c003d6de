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

  it.each([
    'The char-rnn file "a.t7" has a network whose nn.Linear modules do not make an LSTM, GRU or RNN of char-rnn.',
    'The char-rnn file "a.t7" says opt.num_layers = 2, but its network has 1; it is no checkpoint of char-rnn as it was published.',
    'The char-rnn file "a.t7" lacks protos.rnn; expected a checkpoint of char-rnn.',
    'The torch-rnn file "a.t7" has the modules "nn.LookupTable", "nn.SeqBRNN"; expected nn.LookupTable, one kind of nn.LSTM, nn.VanillaRNN or nn.GRU, and nn.Linear.',
    'The Torch7 file "a.t7" keeps its weights on a GPU (torch.CudaTensor): convert it where Torch7 and its GPU package are, with char-rnn\'s convert_gpu_cpu_checkpoint.lua or model:float(), and save it again.',
    'The TensorFlow.js model "model.json" needs 1,204 bytes of weights, but its files have 1200: it is incomplete, download it again.',
    'The TensorFlow.js model "model.json" keeps "rnn/kernel" as "string"; expected float32, float16, int32, uint16, uint8, bool.',
    'The TensorFlow.js model "model.json" names the file "a.bin" for its weights, but it is not there; choose all files of the model.',
    'The TensorFlow checkpoint "a" has no gateskernel and gatesbias of its recurrent layer 1 that belong together: [9,8] and [].',
    'The TensorFlow checkpoint "a" holds no recurrent layer of TensorFlow or Keras: it has "conv1/weights".',
    'The TensorFlow checkpoint "a" is damaged; save or download it again.',
    'The checkpoint "a.index" keeps its numbers in "a.data-00000-of-00001", but it is not there; choose both files.',
    'The numbers of "rnn/kernel" are damaged: expected 16 bytes at byte 0 with the checksum of the index; save or download the checkpoint again.',
    'The table "a.index" is compressed, which TensorFlow\'s checkpoints are not.',
  ])('has a Japanese sentence for: %s', english => {
    expect(japaneseOf(english)).toMatch(/[ぁ-ん].*。$/)
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
    const before = process.cpuUsage()
    for (let i = 0; i < 200; i++) japaneseOf(`The PyTorch file ${name} ${'and '.repeat(200)}.`)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1e6).toBeLessThan(2)
  })
})
