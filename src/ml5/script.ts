/** The one script file for pages, dist/ondo-ml5.js: no module, sets `ml5.charRNN`. */
import { charRNN } from './char-rnn.js'
import { install, type Page } from './install.js'

install(globalThis as unknown as Page, charRNN)
