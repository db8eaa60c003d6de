/**
 * The page in a real browser: what a visitor sees, presses and hears. The stories stand in files of
 * their own; they are told together so that the page is built once.
 */
import { expect, it } from 'vitest'
import './stories/writing.js'
import './stories/document.js'
import './stories/chain.js'
import './stories/kept.js'
import './stories/keyboard.js'
import './stories/everybody.js'
import './stories/long.js'
import './stories/sweep.js'
import './stories/inside.js'
import './stories/lessons.js'
import './stories/looks.js'
import './stories/ear.js'
import { complaints, requests, site } from './stories/stage.js'

it('requests nothing from other hosts and reports no error', () => {
  expect(requests.length).toBeGreaterThan(50)
  const elsewhere = requests.filter(url => !url.startsWith(site.url) && !url.startsWith('blob:'))
  expect(elsewhere).toEqual([])
  expect(complaints).toEqual([])
})
