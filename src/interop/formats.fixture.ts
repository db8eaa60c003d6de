/** The sample writers of all formats, for the conformance suite and the mutations. */
import { charRnn } from './char-rnn.fixture.js'
import { charRnnJs } from './char-rnn-js.fixture.js'
import { keras } from './keras.fixture.js'
import { ml5 } from './ml5.fixture.js'
import { numpy } from './numpy.fixture.js'
import { pytorch, safetensors } from './pytorch.fixture.js'
import { recurrentjs } from './recurrentjs.fixture.js'
import type { FormatFixture } from './sample.fixture.js'
import { tensorflow } from './tensorflow.fixture.js'
import { textgenrnn } from './textgenrnn.fixture.js'
import { tfjs } from './tfjs.fixture.js'
import { torchRnn } from './torch-rnn.fixture.js'

export const FIXTURES: readonly FormatFixture[] = [
  torchRnn,
  charRnn,
  tfjs,
  tensorflow,
  numpy,
  pytorch,
  safetensors,
  textgenrnn,
  keras,
  ml5,
  recurrentjs,
  charRnnJs,
]
