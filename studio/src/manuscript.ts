/**
 * The text on the page. It is laid down in blocks of some thousand characters that end with a line,
 * so that a hundred thousand characters cost the browser no more than the few that are in sight
 * (`content-visibility`), and each block is one text node, or runs of equal shade when the text is
 * shaded by surprise. Blocks out of sight are shaded when they come near.
 */
import type { Records } from './records.js'

/** A block ends at the first line's end after this many characters. */
const BLOCK = 1500
/** A line that never ends is broken at a space or a full stop after this many characters. */
const LONGEST_BLOCK = 6000

/** Lower bounds of the shades in bits; below the first there is none. */
export const SHADES = [3, 5, 8] as const

/** 0 for what was expected, up to SHADES.length. */
export function shadeOf(surprisal: number): number {
  let shade = 0
  while (shade < SHADES.length && surprisal >= SHADES[shade]) shade++
  return shade
}

interface Block {
  readonly element: HTMLElement
  /** Symbols [from, to) of the records. */
  readonly from: number
  to: number
  length: number
  shaded: boolean
}

export class Manuscript {
  private readonly root: HTMLElement
  private readonly caret: HTMLElement
  private readonly observer: IntersectionObserver
  private readonly blockOf = new WeakMap<Element, Block>()
  private blocks: Block[] = []
  private records: Records | undefined
  private shading = false
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

  setShading(on: boolean): void {
    if (this.shading === on) return
    this.shading = on
    for (const block of this.near) this.redo(block)
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
    const block: Block = { element, from, to: from, length: 0, shaded: this.shading }
    this.blocks.push(block)
    this.blockOf.set(element, block)
    this.near.add(block)
    this.observer.observe(element)
    return block
  }

  /** Symbols from `n` that this block still takes. */
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
    if (block.shaded) this.layRuns(block, from, to)
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
      const shade = this.shadeAt(n)
      let end = n + 1
      while (end < to && this.shadeAt(end) === shade) end++
      const text = records.text.slice(records.start(n), records.ends[end - 1])
      if (text) this.layRun(block, text, shade)
      n = end
    }
  }

  private layRun(block: Block, text: string, shade: number): void {
    if (shade === 0) {
      this.layText(block, text)
      return
    }
    const last = this.last(block)
    const name = `shade-${shade}`
    if (last instanceof HTMLElement && last.className === name) {
      ;(last.firstChild as Text).appendData(text)
      return
    }
    const run = document.createElement('span')
    run.className = name
    run.textContent = text
    this.add(block, run)
  }

  private shadeAt(n: number): number {
    const records = this.records!
    // A line's end has no ink to shade.
    if (records.text[records.start(n)] === '\n') return 0
    return shadeOf(records.surprisals[n])
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

  /** Lays the block's text again if its shading is not the wanted one. */
  private redo(block: Block): void {
    if (block.shaded === this.shading) return
    block.shaded = this.shading
    const { element } = block
    const given = element.querySelector('.prompt')
    const caret = this.caret.parentNode === element
    element.replaceChildren()
    if (given) element.append(given)
    if (caret) element.append(this.caret)
    if (block.to === block.from) return
    const { from, to } = block
    block.length = 0
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
