/**
 * Renders the text in blocks of some thousand characters that end with a line. The browser lays out only
 * the blocks in sight (`content-visibility`), so that long texts stay fast. A block is one text node, or
 * with colours one element for each run of equal shade; blocks out of sight are coloured when they come near.
 */

import type { Tint } from '../settings/settings.svelte.js'
import { tintOf } from './coloring.js'
import type { Records } from './records.js'

/** A block ends at the first line break after this many characters. */
const BLOCK = 1500
/** Without a line break, a block ends at a space or full stop after this many characters. */
const LONGEST_BLOCK = 6000

interface Block {
  readonly element: HTMLElement
  /** Symbols [from, to) of the records. */
  readonly from: number
  to: number
  length: number
  tint: Tint
}

export class TextRenderer {
  private readonly root: HTMLElement
  private readonly caret: HTMLElement
  private readonly observer: IntersectionObserver
  private readonly blockOf = new WeakMap<Element, Block>()
  private blocks: Block[] = []
  private records: Records | undefined
  private tint: Tint = 'none'
  private readonly near = new Set<Block>()

  constructor(root: HTMLElement, scroller: HTMLElement) {
    this.root = root
    this.caret = document.createElement('span')
    this.caret.className = 'caret'
    this.observer = new IntersectionObserver(entries => this.sight(entries), {
      root: scroller,
      rootMargin: '100% 0px',
    })
  }

  clear(prompt: string): void {
    this.observer.disconnect()
    this.near.clear()
    this.blocks = []
    this.root.replaceChildren()
    const block = this.openBlock(0)
    if (prompt) {
      const given = document.createElement('span')
      given.className = 'prompt'
      given.textContent = prompt
      block.element.prepend(given)
    }
  }

  append(records: Records, from: number): void {
    this.records = records
    for (let n = from; n < records.count; ) {
      let block = this.blocks[this.blocks.length - 1]
      if (isWhole(block, records)) block = this.openBlock(n)
      const end = this.endOfPiece(block, n)
      this.lay(block, n, end)
      n = end
    }
  }

  /** Removes all symbols but the first `count`. */
  truncate(records: Records, count: number): void {
    this.records = records
    while (this.blocks.length > 1 && this.blocks[this.blocks.length - 1].from >= count) {
      const block = this.blocks.pop()!
      this.observer.unobserve(block.element)
      this.near.delete(block)
      block.element.remove()
    }
    const last = this.blocks[this.blocks.length - 1]
    if (!last) return
    last.element.append(this.caret)
    if (last.to <= count) return
    last.to = count
    this.near.add(last)
    this.relay(last)
  }

  setTint(tint: Tint): void {
    if (this.tint === tint) return
    this.tint = tint
    for (const block of this.near) this.redo(block)
  }

  /** The range of symbol n; at the end, of the caret. */
  rangeOf(n: number): Range | undefined {
    const { records } = this
    const range = document.createRange()
    const block = this.blocks.findLast(({ from }) => from <= n)
    if (!records || !block) return undefined
    if (n >= records.count) {
      range.selectNode(this.caret)
      return range
    }
    const base = records.start(block.from)
    let before = 0
    const from = records.start(n) - base
    const to = records.ends[n] - base
    for (const node of this.textNodes(block)) {
      const length = node.data.length
      if (from < before + length || (from === to && from <= before + length)) {
        range.setStart(node, from - before)
        range.setEnd(node, Math.min(length, to - before))
        return range
      }
      before += length
    }
    return undefined
  }

  /** The symbol at a place of the document; undefined outside of the text, and in the prompt. */
  symbolAt(node: Node, offset: number): number | undefined {
    const { records } = this
    const element = (node instanceof Element ? node : node.parentElement)?.closest('.block')
    const block = element && this.blockOf.get(element)
    if (!block || !records) return undefined
    let before = 0
    for (const text of this.textNodes(block)) {
      if (text === node) return records.at(records.start(block.from) + before + offset)
      before += text.data.length
    }
    return undefined
  }

  dispose(): void {
    this.observer.disconnect()
  }

  // --- internal ---

  private openBlock(from: number): Block {
    const element = document.createElement('div')
    element.className = 'block'
    element.append(this.caret)
    this.root.append(element)
    const block: Block = { element, from, to: from, length: 0, tint: this.tint }
    this.blocks.push(block)
    this.blockOf.set(element, block)
    this.near.add(block)
    this.observer.observe(element)
    return block
  }

  /** The end of the symbols from `n` on that this block still takes. */
  private endOfPiece(block: Block, n: number): number {
    const records = this.records!
    let length = block.length
    let end = n
    while (end < records.count) {
      length += records.ends[end] - records.start(end)
      end++
      if (length >= BLOCK && endsBlock(records, end - 1, length)) break
    }
    return end
  }

  private lay(block: Block, from: number, to: number): void {
    const records = this.records!
    block.length += records.ends[to - 1] - records.start(from)
    block.to = to
    if (block.tint !== 'none') this.layRuns(block, from, to)
    else this.layText(block, records.text.slice(records.start(from), records.ends[to - 1]))
  }

  /** The last node before the caret. */
  private last(block: Block): ChildNode | null {
    const { lastChild } = block.element
    return lastChild === this.caret ? this.caret.previousSibling : lastChild
  }

  private add(block: Block, node: Node): void {
    block.element.insertBefore(node, this.caret.parentNode === block.element ? this.caret : null)
  }

  private layText(block: Block, text: string): void {
    const last = this.last(block)
    if (last instanceof Text) last.appendData(text)
    else this.add(block, document.createTextNode(text))
  }

  private layRuns(block: Block, from: number, to: number): void {
    const records = this.records!
    for (let n = from; n < to; ) {
      const name = tintOf(block.tint, records, n)
      let end = n + 1
      while (end < to && tintOf(block.tint, records, end) === name) end++
      const text = records.text.slice(records.start(n), records.ends[end - 1])
      if (text) this.layRun(block, text, name)
      n = end
    }
  }

  private layRun(block: Block, text: string, name: string): void {
    if (name === '') {
      this.layText(block, text)
      return
    }
    const last = this.last(block)
    if (last instanceof HTMLElement && last.className === name) {
      ;(last.firstChild as Text).appendData(text)
      return
    }
    const run = document.createElement('span')
    run.className = name
    run.textContent = text
    this.add(block, run)
  }

  /** Text nodes of a block in order, without the prompt. */
  private *textNodes({ element }: Block): Iterable<Text> {
    for (const child of element.childNodes) {
      if (child instanceof Text) yield child
      else if (child !== this.caret && (child as Element).className !== 'prompt')
        yield child.firstChild as Text
    }
  }

  private sight(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const block = this.blockOf.get(target)
      if (!block) continue
      if (isIntersecting || block === this.blocks[this.blocks.length - 1]) {
        this.near.add(block)
        this.redo(block)
      } else {
        this.near.delete(block)
      }
    }
  }

  /** Renders the block again if it has other colours than the present ones. */
  private redo(block: Block): void {
    if (block.tint !== this.tint) this.relay(block)
  }

  private relay(block: Block): void {
    block.tint = this.tint
    const { element } = block
    const given = element.querySelector('.prompt')
    const caret = this.caret.parentNode === element
    element.replaceChildren()
    if (given) element.append(given)
    if (caret) element.append(this.caret)
    const { from, to } = block
    block.length = 0
    if (to === from) return
    this.lay(block, from, to)
  }
}

/** Whether a block that has reached its length may end with symbol n. */
function endsBlock(records: Records, n: number, length: number): boolean {
  const last = records.text[records.ends[n] - 1]
  return last === '\n' || (length >= LONGEST_BLOCK && /[\s。！？、]/.test(last))
}

function isWhole(block: Block, records: Records): boolean {
  return block.length >= BLOCK && block.to > 0 && endsBlock(records, block.to - 1, block.length)
}
