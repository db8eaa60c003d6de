import { mount } from 'svelte'
import App from './app/App.svelte'
import { CHOSEN } from './writer/protocol.js'
import './styles/index.css'
import { Studio } from './app/studio.svelte.js'

// The worker starts first, so that it loads while the page is built.
const worker = new Worker(new URL('./writer/worker.ts', import.meta.url), { type: 'module' })
const studio = new Studio(worker)
studio.start()
mount(App, { target: document.body, props: { studio } })

/** Read-only access to the text and its records, for the console and for tests. */
Object.defineProperty(globalThis, 'ondo', {
  value: Object.freeze({
    text: () => studio.editor.records.text,
    records: () => {
      const { count, ids, temperatures, coins, ranks, probabilities, surprisals, ends } =
        studio.editor.records
      return Array.from({ length: count }, (_, n) => ({
        end: ends[n],
        id: ids[n],
        temperature: temperatures[n],
        coin: Number.isNaN(coins[n]) || coins[n] === CHOSEN ? null : coins[n],
        chosen: coins[n] === CHOSEN,
        rank: ranks[n],
        p: probabilities[n],
        surprisal: surprisals[n],
      }))
    },
  }),
})
