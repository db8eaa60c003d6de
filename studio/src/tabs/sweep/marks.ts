/**
 * Turns the marks of a sweep's figure into buttons: one Tab stop for all, arrows move from mark to mark and
 * from panel to panel, Enter or a click anywhere in a panel opens the nearest.
 */
import { parseTemperatures, type SweepMeasure } from 'ondo/measure'

const SVG = 'http://www.w3.org/2000/svg'

export interface MarkWords {
  readonly title: string
  readonly open: (T: number, measure: SweepMeasure) => void
  readonly name: (T: number, measure: SweepMeasure) => string
}

const temperatureOf = (mark: Element): number =>
  parseTemperatures(mark.getAttribute('data-temperature')!)[0]
const measureOf = (mark: Element): SweepMeasure => mark.getAttribute('data-measure') as SweepMeasure

export function dress(host: HTMLElement, { title, open, name }: MarkWords): void {
  const svg = host.querySelector('svg')
  if (!svg) return
  svg.setAttribute('role', 'group')
  svg.setAttribute('aria-label', title)
  svg.querySelector(':scope > title')?.remove()
  const panels = [...svg.querySelectorAll(':scope > g')]
    .map(panel => [...panel.querySelectorAll<SVGCircleElement>('[data-measure]')])
    .filter(marks => marks.length > 0)
  for (const mark of panels.flat()) {
    const says = name(temperatureOf(mark), measureOf(mark))
    mark.setAttribute('role', 'button')
    mark.setAttribute('tabindex', '-1')
    mark.setAttribute('aria-label', says)
    const tip = document.createElementNS(SVG, 'title')
    tip.textContent = says
    mark.replaceChildren(tip)
  }
  panels[0]?.[0]?.setAttribute('tabindex', '0')

  const go = (mark: SVGCircleElement | undefined): void => {
    if (!mark) return
    svg.querySelector('[tabindex="0"]')?.setAttribute('tabindex', '-1')
    mark.setAttribute('tabindex', '0')
    mark.focus()
  }
  svg.onkeydown = event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const row = panels.findIndex(marks => marks.includes(event.target as SVGCircleElement))
    if (row < 0) return
    const mark = event.target as SVGCircleElement
    const at = panels[row].indexOf(mark)
    const to: Record<string, SVGCircleElement | undefined> = {
      ArrowLeft: panels[row][at - 1],
      ArrowRight: panels[row][at + 1],
      ArrowUp: panels[row - 1]?.[at],
      ArrowDown: panels[row + 1]?.[at],
      Home: panels[row][0],
      End: panels[row].at(-1),
    }
    if (event.key === 'Enter' || event.key === ' ') open(temperatureOf(mark), measureOf(mark))
    else if (event.key in to) go(to[event.key])
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  svg.onclick = event => {
    const off = (mark: SVGCircleElement): [x: number, y: number] => {
      const box = mark.getBoundingClientRect()
      return [
        Math.abs(box.x + box.width / 2 - event.clientX),
        Math.abs(box.y + box.height / 2 - event.clientY),
      ]
    }
    const panel = (event.target as Element).closest('svg > g')
    const marks = panels.find(each => panel?.contains(each[0]))
    const near = marks?.reduce((a, b) => (off(b)[0] < off(a)[0] ? b : a))
    if (near) open(temperatureOf(near), measureOf(near))
  }
}

/** Shows which mark is open. */
export function mark(host: HTMLElement, T: string | undefined, measure: string | undefined): void {
  for (const each of host.querySelectorAll('[data-measure]')) {
    const open =
      each.getAttribute('data-temperature') === T && each.getAttribute('data-measure') === measure
    each.setAttribute('aria-pressed', String(open))
  }
}
