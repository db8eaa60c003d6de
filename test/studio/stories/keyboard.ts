/** Stories of input: keyboard only, mouse, and an input method. */
import { describe, expect, it } from 'vitest'
import { count, inNode, records, slider, text, visit } from './stage.js'

describe('by keyboard alone', () => {
  it('reaches every control, each with a name and in the order of the page', async () => {
    const page = await visit()
    // The buttons for the next text are enabled, and thus Tab stops, only once the search has finished.
    await page.locator('.other-text button:enabled').nth(1).waitFor()
    const order: string[] = []
    for (let n = 0; n < 60; n++) {
      await page.keyboard.press('Tab')
      const name = await page.evaluate(() => {
        const at = document.activeElement
        if (!at || at === document.body) return ''
        const label =
          at.getAttribute('aria-label') ??
          document.getElementById(at.getAttribute('aria-labelledby') ?? '')?.textContent ??
          (at as HTMLInputElement).labels?.[0]?.textContent
        if (at.matches('.choose')) return 'a candidate'
        return (label ?? at.textContent ?? '').trim().split(/\n|:/)[0] || '(no name)'
      })
      if (name === '' || (order.length > 3 && name === order[0])) break
      order.push(name)
    }
    expect(order).toEqual([
      'Model',
      'Copy the seed 42',
      'New seed',
      'Share',
      '日本語',
      'Light and dark',
      'Keys',
      'Text',
      // The content of a tab is always a Tab stop, because whether it scrolls depends on the font.
      'Text',
      'Begin with',
      'Seed',
      'New seed',
      'Speed',
      'Colour by',
      'Lines from top to bottom',
      'Same seed, other temperatures',
      'The text',
      'draw it',
      'Next',
      'Next',
      'Choose',
      'log',
      'Pin',
      'a candidate',
      'Cooler',
      'Temperature as a number',
      'Warmer',
      'Temperature',
      'Chain',
      'Next different text, cooler',
      'Next different text, warmer',
      '0',
      'safe',
      'balanced',
      '1',
      'wild',
      'Start over',
      'One character',
      'Pause',
    ])
  })

  it('writes, pauses, steps, starts over and changes the temperature', async () => {
    const page = await visit('#seed=1')
    await count(page, 15)
    await page.keyboard.press(' ')
    await page.waitForTimeout(150)
    const rested = (await records(page)).length
    await page.waitForTimeout(200)
    expect((await records(page)).length).toBe(rested)
    await page.keyboard.press('s')
    await count(page, rested + 1)
    await page.waitForTimeout(100)
    expect((await records(page)).length).toBe(rested + 1)
    const first = await text(page)

    await page.keyboard.press('r')
    await page.waitForFunction(() => ondo.records().length === 0)
    await page.keyboard.press(' ')
    await count(page, rested + 1)
    await page.keyboard.press(' ')
    await page.waitForTimeout(150)
    expect((await text(page)).startsWith(first)).toBe(true)

    await page.keyboard.press('n')
    await page.waitForFunction(() => ondo.records().length === 0)
    expect(await page.inputValue('#seed')).not.toBe('1')

    const value = () => page.locator('.figure').inputValue()
    expect(await value()).toBe('0.80')
    await page.keyboard.press(']')
    expect(await value()).toBe('0.85')
    await page.keyboard.press('[')
    await page.keyboard.press('[')
    expect(await value()).toBe('0.75')
    await page.keyboard.press('0')
    expect(await value()).toBe('1.00')
    await page.keyboard.press('t')
    expect(await page.locator('.text.tinted').count()).toBe(1)
    await page.keyboard.press('?')
    await page.locator('dialog').waitFor()
    await page.keyboard.press('Escape')
    expect(await page.locator('dialog').isVisible()).toBe(false)
  })

  it('finds every command by name', async () => {
    const page = await visit()
    await page.locator('#prompt').focus()
    await page.keyboard.press('Control+k')
    const field = page.getByRole('combobox', { name: 'What would you like to do?' })
    await field.fill('open bra')
    expect(await page.locator('#commands > [role=option]').allTextContents()).toEqual([
      'Open Branches',
    ])
    await page.keyboard.press('Enter')
    expect(await page.locator('dialog[open]').count()).toBe(0)
    await page.getByRole('treeitem').first().waitFor()
    await page.keyboard.press('Control+k')
    await field.fill('temperature 1')
    await page.keyboard.press('Enter')
    expect(await page.locator('.figure').inputValue()).toBe('1.00')
  })

  it('moves the slider by fine steps, by marks and to its ends, and announces the value', async () => {
    const page = await visit()
    const says = () => slider(page).getAttribute('aria-valuetext')
    await slider(page).focus()
    expect(await says()).toBe('0.80, a little cautious')
    const path: [key: string, said: string][] = [
      ['ArrowRight', '0.81, a little cautious'],
      ['ArrowDown', '0.80, a little cautious'],
      ['PageUp', '1.00, as the model believes'],
      ['ArrowUp', '1.01, a little bold'],
      ['PageUp', '2.00, wild'],
      ['PageUp', '5.00, wild'],
      ['PageUp', '10.00, wild'],
      ['PageUp', 'infinite, pure randomness'],
      ['ArrowLeft', '10.00, wild'],
      ['Home', '0, no randomness'],
      ['ArrowRight', '0.05, very cautious'],
      ['End', 'infinite, pure randomness'],
    ]
    for (const [key, said] of path) {
      await page.keyboard.press(key)
      expect(await says(), key).toBe(said)
    }
  })

  it('takes numbers in usual forms and refuses others with a message', async () => {
    const page = await visit()
    const box = page.getByRole('textbox', { name: 'Temperature as a number' })
    const typed: [string, string][] = [
      ['0,35', '0.35'],
      ['１．２', '1.20'],
      ['inf', '∞'],
      ['0.12345', '0.12345'],
      ['100', '100.00'],
    ]
    for (const [written, shown] of typed) {
      await box.fill(written)
      await box.press('Enter')
      expect(await box.inputValue()).toBe(shown)
      expect(await box.getAttribute('aria-invalid')).toBe('false')
    }
    for (const wrong of ['warm', '-1', '101', '']) {
      await box.fill(wrong)
      await box.press('Enter')
      expect(await box.getAttribute('aria-invalid'), wrong).toBe('true')
      expect(await page.locator('#words').textContent()).toBe('0 to 100, or inf')
    }
  })

  it('snaps to 1 when dragged, with exact ends', async () => {
    const page = await visit()
    const at = await slider(page).boundingBox()
    const value = () => page.locator('.figure').inputValue()
    const y = at!.y + at!.height / 2
    const { x, width } = at!
    await page.mouse.move(x + width / 2, y)
    await page.mouse.down()
    const seen = new Set<string>()
    // T = 1 is at this fraction of the distance between the two ends of the thumb.
    const one = x + 22 + (width - 44) * (146 / 262)
    for (const place of [x, x + width / 4, one - 30, one - 3, one + 3, one + 30, x + width]) {
      await page.mouse.move(place, y)
      seen.add(await value())
    }
    await page.mouse.up()
    const values = [...seen]
    expect(values).toHaveLength(6)
    expect([values[0], values[3], values[5]]).toEqual(['0', '1.00', '∞'])
    await slider(page).dblclick()
    expect(await value()).toBe('1.00')
  })
})

describe('prompts', () => {
  it('are composed in Japanese without triggering keys', async () => {
    const page = await visit('#seed=9', { locale: 'ja-JP' })
    const prompt = page.locator('#prompt')
    await prompt.fill('')
    await prompt.focus()
    const before = await page.evaluate(() => document.querySelector('.figure')?.ariaLabel)
    const client = await page.context().newCDPSession(page)
    await client.send('Input.imeSetComposition', { text: 'あ', selectionStart: 1, selectionEnd: 1 })
    await client.send('Input.imeSetComposition', {
      text: 'あい',
      selectionStart: 2,
      selectionEnd: 2,
    })
    const mark = await text(page)
    // Keys during a composition, as the engines report them and as Safari does.
    await page.evaluate(() => {
      for (const key of ['Enter', ' ', 'r', 's', 'n', '[', '0', '?']) {
        for (const init of [{ isComposing: true }, { keyCode: 229 }]) {
          for (const target of [document.querySelector('#prompt')!, document.body]) {
            target.dispatchEvent(
              new KeyboardEvent('keydown', {
                key,
                ctrlKey: key === 'Enter',
                bubbles: true,
                ...init,
              }),
            )
          }
        }
      }
    })
    await page.waitForTimeout(200)
    const state = await page.evaluate(() => ({
      text: ondo.text(),
      dialog: document.querySelector('dialog')?.open ?? false,
      temperature: document.querySelector<HTMLInputElement>('.figure')?.value,
      seed: document.querySelector<HTMLInputElement>('#seed')?.value,
      label: document.querySelector('.figure')?.ariaLabel,
    }))
    expect(state.text.startsWith(mark)).toBe(true)
    expect(state.text.length).toBeGreaterThan(mark.length)
    expect(state).toMatchObject({ dialog: false, temperature: '0.80', seed: '9', label: before })
    await client.send('Input.insertText', { text: 'あい' })
    expect(await prompt.inputValue()).toBe('あい')
    await page.keyboard.press('Control+Enter')
    await page.waitForFunction(() => document.querySelector('.prompt')?.textContent === 'あい')
    await count(page, 5)
    const shown = await records(page)
    const wanted = await inNode(
      shown.map(({ temperature }) => temperature),
      9,
      'あい',
    )
    expect((await text(page)).slice(0, 5)).toBe(
      wanted
        .map(({ text }) => text)
        .join('')
        .slice(0, 5),
    )
  })

  it('list the characters that the model does not know, and offer what to do', async () => {
    const page = await visit()
    await page.fill('#prompt', 'Café 0\u3000')
    await page.locator('.unknown').first().waitFor()
    const listed = async () =>
      (await page.locator('.unknown').allTextContents()).map(each =>
        each.replace(/\s+/g, ' ').trim(),
      )
    expect(await listed()).toEqual(['é (left out)', '0 (left out)', 'U+3000 (left out)'])
    await page.getByLabel('take the nearest').check()
    await page.waitForFunction(() => document.querySelector('.unknown')?.textContent?.includes('→'))
    expect((await listed())[0]).toBe('é → e')
    await page.getByRole('button', { name: 'Begin with this' }).click()
    await page.waitForFunction(() =>
      document.querySelector('.prompt')?.textContent?.startsWith('Caf'),
    )
    await count(page, 3)
  })
})
