/** Everything the page says, in English. The Japanese table has the type of this one. */
export const en = {
  language: 'English',
  title: 'Ondo: text and its temperature',

  model: 'Model',
  openFile: 'Open a file…',
  loading: 'Opening the model…',
  noModels: 'No model lies beside this page. Open a .safetensors file that Ondo wrote.',
  failedOpen: 'The model could not be opened.',
  failedBegin: 'The text could not begin.',
  failedWrite: 'The writing stopped.',
  facts: (cell: string, layers: string, hidden: string) => `${cell} ${layers} × ${hidden}`,
  factModel: 'Network',
  weights: (count: string) => `${count} weights`,
  factSymbols: 'Knows',
  factLoss: 'Held-out loss',
  factCorpus: 'Learnt from',
  symbols: (count: string) => `${count} symbols`,
  nats: (loss: string) => `${loss} nats`,

  setup: 'Set up',
  look: 'Look',
  loadingPart: 'Opening…',
  failedPart: 'This part of the page did not arrive.',
  begin: 'Begin with',
  beginHint: 'Ctrl + Enter begins anew',
  emptyPrompt: 'nothing: the model begins by itself',
  beginAnew: 'Begin with this',
  unknown: (count: number) =>
    count === 1
      ? 'This model does not know one of these characters:'
      : `This model does not know ${count} of these characters:`,
  unknownChoice: 'Unknown characters',
  skip: 'leave out',
  nearest: 'take the nearest',
  leftOut: 'left out',
  seed: 'Seed',
  seedHint: 'Same seed, same luck: the coin of every character.',
  seedWrong: 'A whole number from 0 to 2⁶⁴ − 1.',
  newSeed: 'New seed',
  speed: 'Speed',
  speeds: {
    slow: 'slow, 5 a second',
    reading: 'reading, 20 a second',
    brisk: 'brisk, 60 a second',
    fast: 'fast, 300 a second',
    full: 'as fast as it can',
  },
  tint: 'Shade by surprise',
  tintHint: 'How unlikely the model itself held each character to be, in bits.',
  legend: 'Surprise in bits',
  below: (bits: string) => `under ${bits}`,
  between: (low: string, high: string) => `${low} to ${high}`,
  above: (bits: string) => `over ${bits}`,

  text: 'The text',
  toEnd: 'To the end',
  strip: 'temperature along the text',
  stripSummary: (low: string, high: string, now: string) =>
    `Temperature along the text: lowest ${low}, highest ${high}, now ${now}.`,
  stripEmpty: 'Temperature along the text: nothing is written yet.',
  characters: (count: string, one: boolean) => (one ? `${count} character` : `${count} characters`),
  writing: 'writing',
  paused: 'paused',
  full: 'the page is full',
  fullHint: 'The page holds no more. Begin anew, or with another seed.',
  status: (state: string, characters: string, temperature: string) =>
    `${state}, ${characters}, temperature ${temperature}`,

  next: 'Next character',
  before: 'before',
  after: (temperature: string) => `at ${temperature}`,
  nextCaption:
    'Probabilities of the next character, before temperature (outlined) and after (filled)',
  symbol: 'Character',
  others: (count: string) => `${count} others`,
  othersShort: 'others',
  space: 'space',
  newline: 'new line',
  tab: 'tab',
  drawn: 'will be drawn',
  coinFalls: (coin: string) => `The coin ${coin} falls on`,
  noCoin: 'No coin at 0: always the likeliest,',
  coinBar: (coin: string, symbol: string) =>
    `Cumulative probabilities, likeliest first. The coin ${coin} falls on ${symbol}.`,
  uncertaintyBefore: 'Uncertainty before',
  uncertaintyAt: (temperature: string) => `Uncertainty at ${temperature}`,
  bits: (bits: string) => `${bits} bits`,
  likeAmong: (count: string) => `like ${count} equal choices`,
  nothingYet: 'No model is open yet.',

  temperature: 'Temperature',
  temperatureValue: 'Temperature as a number',
  temperatureWrong: '0 to 100, or inf',
  cooler: 'Cooler',
  warmer: 'Warmer',
  valuetext: (temperature: string, words: string) => `${temperature}, ${words}`,
  infinite: '∞',
  infiniteSpoken: 'infinite',
  bands: {
    zero: {
      words: 'no chance',
      sentence:
        'Always the likeliest character. No luck is involved, and sooner or later it circles.',
    },
    coldest: {
      words: 'very cautious',
      sentence: 'Nearly always the likeliest character: safe phrases that soon repeat.',
    },
    cold: {
      words: 'cautious',
      sentence: 'Likely characters are strongly favoured: plain words, few surprises.',
    },
    cool: {
      words: 'a little cautious',
      sentence: 'Likely characters are favoured a little over what the model believes.',
    },
    one: {
      words: 'as the model believes',
      sentence: 'Every character is drawn exactly as often as the model expects it.',
    },
    warm: {
      words: 'a little bold',
      sentence: 'Unlikely characters get a little more than their share.',
    },
    hot: {
      words: 'bold',
      sentence: 'Unlikely characters are favoured: invented words, spelling that slips.',
    },
    hottest: {
      words: 'wild',
      sentence: 'The model’s knowledge fades; words fall apart into letters.',
    },
    infinite: {
      words: 'blind chance',
      sentence: 'Every character is as likely as any other. The model is not asked at all.',
    },
  },

  play: 'Write',
  pause: 'Pause',
  step: 'One character',
  restart: 'Begin anew',

  theme: 'Light and dark',
  themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
  keys: 'Keys',
  keysTitle: 'Keys',
  close: 'Close',
  shortcuts: 'Single-letter keys',
  shortcutsHint: 'Switch off if they get in the way of speech input or other tools.',
  keyList: {
    play: 'write or pause',
    step: 'one character',
    restart: 'begin anew, same luck',
    newSeed: 'begin anew, new luck',
    nudge: 'cooler, warmer',
    one: 'temperature 1',
    tint: 'shade by surprise',
    help: 'this list',
    slider: 'On the slider',
    arrows: 'finest step',
    pages: 'one mark',
    ends: '0 and ∞',
  },
  spaceKey: 'Space',
}

export type Messages = typeof en
/** The bands of temperature that have words of their own. */
export type Band = keyof Messages['bands']
