import { Trainer } from './trainer.js'

const trainer = new Trainer((message, transfer = []) => postMessage(message, { transfer }))
addEventListener('message', event => trainer.handle(event.data))
