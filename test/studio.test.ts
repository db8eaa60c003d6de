/**
 * The page in a real browser: what a visitor sees, presses and hears. The stories stand in files of
 * their own; they are told together so that the page is built once.
 */
import { expect, it } from 'vitest'
import './studio-writing.js'
import './studio-document.js'
import './studio-chain.js'
import './studio-keyboard.js'
import './studio-everybody.js'
import './studio-long.js'
import './studio-sweep.js'
import './studio-inside.js'
import './studio-lessons.js'
import './studio-looks.js'
import './studio-ear.js'
import { complaints, requests, site } from './studio-stage.js'

it('asks nothing of any other place, and complains of nothing', () => {
  expect(requests.length).toBeGreaterThan(50)
  const elsewhere = requests.filter(url => !url.startsWith(site.url) && !url.startsWith('blob:'))
  expect(elsewhere).toEqual([])
  expect(complaints).toEqual([])
})
