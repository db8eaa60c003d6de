/**
 * The refusals of importers in Japanese. Readers of formats say in English what is wrong with a file;
 * this table has the same sentences in Japanese, so that each reader needs no second text beside the
 * first. A sentence that is not in the table stays English, behind a Japanese one that says what failed.
 */
import { FileError, InputError, type OndoError } from '../errors.js'

/** A quoted name, as `quote` writes it. */
const Q = '("(?:[^"\\\\]|\\\\.)*"(?:\\.\\.\\.)?|"[^"]*)'

type Rule = readonly [english: RegExp, japanese: string]

const rule = (english: string, japanese: string): Rule => [
  new RegExp(`^${english.replaceAll('Q', Q)}$`, 's'),
  japanese,
]

/** Stands between a subject and the rest of its sentence; no message has it. */
const END = '\u0000'

/** Subjects of sentences, with the rest of the sentence behind them. */
const SUBJECTS: readonly Rule[] = [
  rule('The ([\\w.-]+) file Q (.*)\\.', `$1のファイル $2 ${END}$3`),
  rule('The ([\\w.-]+) model Q (.*)\\.', `$1のモデル $2 ${END}$3`),
  rule('The ([\\w.-]+) checkpoint Q (.*)\\.', `$1のチェックポイント $2 ${END}$3`),
  rule('The pickle in Q (.*)\\.', `$1 のpickle${END}$2`),
  rule('The model in Q (.*)\\.', `$1 のモデル${END}$2`),
  rule('The archive Q (.*)\\.', `アーカイブ $1 ${END}$2`),
  rule('The layer Q \\((.*?)\\) (.*)\\.', `層 $1（$2）${END}$3`),
  rule('The file Q (.*)\\.', `ファイル $1 ${END}$2`),
]

/** What is wrong, without the subject; the Japanese begins with a particle. */
const PREDICATES: readonly Rule[] = [
  rule(
    'is damaged or cut short; save or download it again',
    'は壊れているか、途中で切れています。保存し直すか、ダウンロードし直してください。',
  ),
  rule('is cut short', 'は途中で切れています。'),
  rule('is no HDF5 file; .*', 'はHDF5ではありません。保存し直すか、ダウンロードし直してください。'),
  rule(
    'has (\\S+) bytes?; expected (\\d+) for (.*) numbers: .*',
    'は$1バイトですが、$3個の数には$2バイト必要です。欠けています。モデルをダウンロードし直してください。',
  ),
  rule(
    'calls Q, which tensors do not need; .*',
    'は、テンソルに必要のない $1 を呼び出します。プログラムを実行し得るので読みません。torch.save(model.state_dict(), path) かsafetensorsで保存してください。',
  ),
  rule('has the entry Q, which leaves the archive', 'の項目 $1 はアーカイブの外を指しています。'),
  rule('keeps Q encrypted; unpack it first', 'の $1 は暗号化されています。先に展開してください。'),
  rule('has two entries Q; .*', 'に項目 $1 が二つあります。'),
  rule(
    'has more than (\\d+) entries; .*',
    'の項目が$1個を超えています。モデルのファイルではありません。',
  ),
  rule(
    'expands to more than (\\d+) MB; .*',
    'は展開すると$1 MBを超えます。重みはほとんど縮まないので、モデルではありません。',
  ),
  rule(
    'packs Q by method (\\d+); .*',
    'の $1 は方式$2で圧縮されています。無圧縮かDeflateで保存してください。',
  ),
  rule(
    '(?:holds no recurrent network|has no nn\\.LSTM, nn\\.GRU or nn\\.RNN): no tensor is named .*',
    'に再帰ネットワークがありません。nn.LSTM、nn.GRU、nn.RNNのどれかを持つモデルのstate_dictを保存してください。',
  ),
  rule(
    'holds several networks: (.*?)(?: and (\\d+) more)?; .*',
    'に複数のネットワークがあります（$1）。文字を書くものだけを保存してください。',
  ),
  rule(
    'has several tensors that may be its (.*?): (.*?); rename the others.*',
    'には$1にあたるテンソルの候補が複数あります（$2）。ほかの名前を変えるか、state_dictから除いてください。',
  ),
  rule(
    'has several tensors that may be its (.*?): (.*)',
    'には$1にあたるテンソルの候補が複数あります（$2）。',
  ),
  rule(
    'has no output layer: no matrix (?:has the|of) (\\d+)(.*)',
    'に出力層がありません。$1個の入力を持つ行列が見つかりません。',
  ),
  rule(
    'reads its text in both directions.*|reads its text backwards|Bidirectional.*',
    'は双方向か逆向きに読むネットワークなので、文字を前から順に書けません。一方向のモデルが必要です。',
  ),
  rule(
    'keeps Q as (.*?); expected floating-point numbers: .*',
    'の $1 は$2です。浮動小数点数が必要です。model.float() で変換して保存し直してください。',
  ),
  rule(
    'keeps (?:numbers as Q|Q as .*?); expected (.*?): .*',
    'は読めない種類の数で保存されています。$3 のどれかに変換して保存し直してください。',
  ),
  rule(
    'keeps quantized numbers \\(Q\\); .*',
    'は量子化されています（$1）。量子化する前のモデルを保存してください。',
  ),
  rule(
    'keeps Q, which is quantized; .*',
    'の $1 は量子化されています。量子化する前のモデルを保存してください。',
  ),
  rule(
    'keeps its weights on a GPU.*',
    'の重みはGPUのテンソルです。Torch7とGPUのある環境で、char-rnnのconvert_gpu_cpu_checkpoint.luaかmodel:float() で変換して保存し直してください。',
  ),
  rule(
    'has the layer Q of the class Q; expected (.*)',
    'に層 $1（$2）があります。読めるのは $3 です。',
  ),
  rule(
    'has (\\d+) recurrent and (\\d+) Dense layers; .*',
    'の再帰層は$1個、Dense層は$2個です。再帰層が一つ以上と、その後ろにDenseが一つ必要です。',
  ),
  rule(
    'mixes cells of different kinds.*',
    'には種類の違うセルが混ざっています。全層が同じ種類でなければなりません。',
  ),
  rule('has the activation Q; expected (.*)', 'の活性化関数は $1 です。読めるのは $2 です。'),
  rule('has gates of Q; expected (.*)', 'のゲート関数は $1 です。読めるのは $2 です。'),
  rule(
    'is a graph model, .*',
    'は層ではなく演算からなるgraph modelです。layers modelに変換してください。',
  ),
  rule(
    'names the file Q for its weights, but it is not there; .*',
    'の重みのファイル $1 がありません。モデルのファイルをすべて選んでください。',
  ),
  rule('comes without its \\.dat file; .*', 'には.datファイルがありません。両方を選んでください。'),
  rule(
    'lacks protos\\.rnn; .*',
    'にprotos.rnnがありません。char-rnnのチェックポイントではありません。',
  ),
  rule(
    'lacks (?:the|its) (.*)',
    'に必要なもの（$1）がありません。保存し直すか、ダウンロードし直してください。',
  ),
  rule(
    'lacks (.*)',
    'に必要なもの（$1）がありません。保存し直すか、ダウンロードし直してください。',
  ),
  rule('is of the generator Q; .*', 'のgeneratorは $1 です。lstmかrnnでなければなりません。'),
  rule('nests (?:its groups )?too deeply', 'の入れ子が深すぎます。'),
  rule('has the unknown instruction (\\d+)', 'に不明な命令$1があります。'),
  rule(
    'is of a big-endian machine; .*',
    'はビッグエンディアンです。一般的なマシンで保存し直してください。',
  ),
  rule(
    'has weights that do not belong to its layers; .*',
    'の重みが層と一致しません。モデルを保存し直してください。',
  ),
  rule(
    'has a network whose nn\\.Linear modules do not make .*',
    'のnn.Linearからは、char-rnnのLSTM、GRU、RNNを組み立てられません。',
  ),
  rule(
    'says opt\\.(\\w+) = (\\S+), but its network has (\\S+); .*',
    'のopt.$1は $2 ですが、ネットワークは $3 です。公開されたchar-rnnのチェックポイントではありません。',
  ),
  rule('has an nn\\.Linear without weights', 'に重みのないnn.Linearがあります。'),
  rule(
    'has an nn\\.Linear of (\\d+) outputs with (\\d+) biases',
    'に、出力が$1個でバイアスが$2個のnn.Linearがあります。数が合いません。',
  ),
  rule(
    'has a layer of (\\d+) x (\\d+) weights and (\\d+) biases',
    'に、重みが$1 x $2個でバイアスが$3個の層があります。数が合いません。',
  ),
  rule(
    'has the modules (.*); expected .*',
    'のモジュールは $1 です。nn.LookupTable、一種類のnn.LSTM・nn.VanillaRNN・nn.GRU、nn.Linearが必要です。',
  ),
  rule('holds no nn\\.LanguageModel', 'にnn.LanguageModelがありません。'),
  rule('holds more than (\\S+) .*', 'の値が多すぎます（$1個を超えます）。'),
  rule(
    'has a weightsManifest without paths and weights',
    'のweightsManifestにpathsかweightsがありません。モデルを保存し直してください。',
  ),
  rule(
    'lists weights without a name and a shape',
    'の重みの一覧に、名前か形のないものがあります。モデルを保存し直してください。',
  ),
  rule(
    'lists a file of weights twice; .*',
    'の重みの一覧に、同じファイルが二度あります。モデルを保存し直してください。',
  ),
  rule(
    'lists no layers in modelTopology; .*',
    'のmodelTopologyに層がありません。モデルを保存し直してください。',
  ),
  rule('has no number as scale or min of Q', 'の $1 のscaleかminが数ではありません。'),
  rule('keeps Q as (.*?); expected ([^:]*)', 'の $1 は $2 です。読めるのは $3 です。'),
  rule(
    'needs (\\S+) bytes? of weights, but its files have (\\d+): .*',
    'の重みは$1バイトですが、ファイルは$2バイトです。欠けています。ダウンロードし直してください。',
  ),
  rule('has the cell NASCell, which Ondo has not', 'のセルNASCellには対応していません。'),
  rule(
    'has no \\S+ and \\S+ of its recurrent layer (\\d+) that belong together: (.*)',
    'の再帰層$1で、カーネルとバイアスの形が合いません（$2）。',
  ),
  rule(
    'has gates and a candidate of different sizes in its layer (\\d+)',
    'の層$1で、ゲートと候補の大きさが違います。',
  ),
  rule(
    'has no embedding of (\\d+) by (\\d+), and its first layer takes (\\d+) inputs',
    'に$1 x $2の埋め込みがなく、最初の層の入力は$3個です。',
  ),
  rule(
    'holds no recurrent layer of TensorFlow or Keras: it has (.*)',
    'にTensorFlowやKerasの再帰層がありません。あるのは $1 です。',
  ),
  rule(
    'is damaged; save or download it again',
    'は壊れています。保存し直すか、ダウンロードし直してください。',
  ),
]

/** Whole sentences. */
const SENTENCES: readonly Rule[] = [
  rule(
    'The checkpoint Q keeps its numbers in Q, but it is not there; .*',
    'チェックポイント $1 の数を持つファイル $2 がありません。両方を選んでください。',
  ),
  rule(
    'The checkpoint Q was written by a big-endian computer, .*',
    'チェックポイント $1 はビッグエンディアンのコンピューターで書かれたため、読めません。',
  ),
  rule(
    'The numbers of Q are damaged: .*',
    '$1 の数が壊れています。チェックポイントを保存し直すか、ダウンロードし直してください。',
  ),
  rule(
    'The table Q is compressed, .*',
    '表 $1 は圧縮されています。TensorFlowのチェックポイントではありません。',
  ),
  rule(
    'The (.*) model predicts (\\S+) symbols?, but the files do not say which',
    'この$1のモデルの記号は$2個ですが、どの記号かはファイルに書かれていません',
  ),
  rule(
    'The vocabulary has (\\S+) symbols?, but the model predicts (\\d+)',
    '語彙の記号は$1個ですが、モデルの記号は$2個です',
  ),
  rule(
    'The manifest names the file Q for Q, but it is not there; choose the whole folder\\.',
    'マニフェストにある $2 のファイル $1 がありません。フォルダー全体を選んでください。',
  ),
  rule(
    'The manifest lacks (.*?); export .* again\\.',
    'マニフェストに $1 がありません。モデルを書き出し直してください。',
  ),
  rule(
    'The vocabulary gives Q the id Q; expected a whole number from 0\\.',
    '語彙の $1 のIDが $2 です。0以上の整数でなければなりません。',
  ),
  rule(
    'Weight (\\d+) of (\\S+) is (\\S+): .*',
    '重み $2 の$1番目が $3 です。学習が発散したモデルです。もっと前のチェックポイントを使ってください。',
  ),
  rule(
    'The training of this model ran away: its logits change by (\\S+) .*',
    'このモデルの学習は発散しています。float32の丸めだけでロジットが $1 変わり、予測になりません。もっと前のチェックポイントを使ってください。',
  ),
  rule(
    'A tensor of Q has (.*?) numbers, but its storage ends before; .*',
    '$1 のテンソル（$2）に対してデータが足りません。壊れているか、途中で切れています。',
  ),
  rule(
    'There are (\\S+) checkpoints?: (.*); choose one of them\\.',
    'チェックポイントが$1個あります（$2）。一つを選んでください。',
  ),
  rule(
    'The files? (.*?) (?:is|are) of no known format; .*',
    '$1 は知らない形式です。ほかのシステムのモデルのファイルを、すべて選んでください。',
  ),
  rule('The files? (.*?) (?:is|are) not (.*)\\.', '$1 は $2 ではありません。'),
]

function apply(rules: readonly Rule[], text: string): string | undefined {
  for (const [english, japanese] of rules) {
    const match = english.exec(text)
    if (match) return japanese.replaceAll(/\$(\d)/g, (_, n) => match[Number(n)] ?? '')
  }
  return undefined
}

/** The Japanese of a refusal; undefined where the table does not have it. */
export function japaneseOf(english: string): string | undefined {
  const whole = apply(SENTENCES, english)
  if (whole !== undefined) return whole
  const split = apply(SUBJECTS, english)
  if (split === undefined) return undefined
  const at = split.indexOf(END)
  const predicate = apply(PREDICATES, split.slice(at + 1))
  return predicate && split.slice(0, at) + predicate
}

/** Gives a refusal its Japanese. @returns the error itself if it has Japanese already */
export function inBothLanguages(error: OndoError): OndoError {
  if (error.ja !== undefined) return error
  const { code, fact, way } = error
  const known = japaneseOf(fact)
  // The advice of these has words of the interface, in both languages.
  if (known === undefined && way !== undefined) return error
  const ja =
    known ??
    `ファイルを読めません。壊れているか、Ondoが対応していない構成です。詳細（英語）：${fact}`
  const options = { cause: error, ja, ...(way !== undefined && { way }) }
  return error instanceof InputError
    ? new InputError(code, fact, options)
    : new FileError(code, fact, options)
}
