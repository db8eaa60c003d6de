/**
 * Draws the learning curves of training folders in one figure: the validation loss after each epoch, and
 * lines for the losses of other models. For docs/results.md:
 *
 *   npx tsx bench/curves.ts NAME --run "LABEL=runs/one" --run "LABEL=runs/two" --line "nanoGPT=1.4697"
 *
 * writes docs/images/NAME-light.svg and -dark.svg.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  element,
  FIGURE_THEMES,
  type FigureTheme,
  figure,
  label,
  line,
  PALETTES,
  pathOf,
} from '../src/measure/figures/svg.js'
import { writeFileAtomic } from '../src/node/files.js'

interface Curve {
  readonly label: string
  /** Epochs, and held-out loss in nats a symbol. */
  readonly points: readonly (readonly [epoch: number, loss: number])[]
}

interface Level {
  readonly label: string
  readonly loss: number
}

const SIZE = { width: 720, height: 360 }
const PLOT = { left: 58, top: 46, right: 530, bottom: 306 }
/** Curves differ by dashes and labels, not by colour alone. */
const DASHES = [undefined, '7 4', '2 3', '9 3 2 3'] as const
const ROW = 15

function runOf(text: string): Curve {
  const [name, folder] = text.split('=')
  const points = readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(row => JSON.parse(row) as { epoch: number; validation?: number })
    .flatMap(({ epoch, validation }) => (validation === undefined ? [] : [[epoch, validation]]))
    .map(([epoch, loss]) => [epoch, loss] as const)
  if (points.length === 0) throw new Error(`${folder} holds no validation.`)
  return { label: name, points }
}

function levelOf(text: string): Level {
  const [name, loss] = text.split('=')
  return { label: name, loss: Number(loss) }
}

/** Moves labels down until none overlaps another. */
function spread(places: readonly number[]): number[] {
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b])
  const settled = [...places]
  for (let i = 1; i < order.length; i++) {
    settled[order[i]] = Math.max(settled[order[i]], settled[order[i - 1]] + ROW)
  }
  return settled
}

function draw(curves: readonly Curve[], levels: readonly Level[], theme: FigureTheme): string {
  const { ink, muted, grid, heat } = PALETTES[theme]
  const all = curves.flatMap(({ points }) => points)
  const last = Math.max(...all.map(([epoch]) => epoch))
  const losses = [...all.map(([, loss]) => loss), ...levels.map(({ loss }) => loss)]
  const low = Math.floor(Math.min(...losses) * 20) / 20
  // The range is limited, because the first epoch of a slow run would compress the rest of the curve.
  const high = Math.min(Math.ceil(Math.max(...losses) * 20) / 20, low + 0.6)
  const x = (epoch: number) => PLOT.left + (epoch / last) * (PLOT.right - PLOT.left)
  const y = (loss: number) => PLOT.bottom - ((loss - low) / (high - low)) * (PLOT.bottom - PLOT.top)

  let inside = label(20, 26, 'Held-out loss, nats a symbol', {
    'font-size': 16,
    'font-weight': 'bold',
  })
  for (let tick = low; tick <= high + 1e-9; tick += high - low > 0.31 ? 0.1 : 0.05) {
    inside += line(PLOT.left, y(tick), PLOT.right, y(tick), { stroke: grid })
    inside += label(PLOT.left - 8, y(tick) + 4, tick.toFixed(2), {
      'text-anchor': 'end',
      fill: muted,
    })
  }
  const stride = last > 16 ? 4 : last > 8 ? 2 : 1
  for (let epoch = 0; epoch <= last; epoch += stride) {
    inside += label(x(epoch), PLOT.bottom + 18, String(epoch), {
      'text-anchor': 'middle',
      fill: muted,
    })
  }
  inside += label((PLOT.left + PLOT.right) / 2, SIZE.height - 14, 'passes over the text', {
    'text-anchor': 'middle',
  })
  const named: { at: number; text: string; colour: string }[] = []
  for (const level of levels) {
    const style = { stroke: muted, 'stroke-width': 1, 'stroke-dasharray': '1 3' }
    inside += line(PLOT.left, y(level.loss), PLOT.right, y(level.loss), style)
    named.push({
      at: y(level.loss),
      text: `${level.label} ${level.loss.toFixed(4)}`,
      colour: muted,
    })
  }
  for (const [i, { label: text, points }] of curves.entries()) {
    const seen = points.filter(([, loss]) => loss <= high)
    const colour = [heat[0], heat[4], heat[3], ink][i % 4]
    inside += element('path', {
      d: pathOf(seen.map(([epoch, loss]) => [x(epoch), y(loss)] as const)),
      fill: 'none',
      stroke: colour,
      'stroke-width': 2,
      'stroke-dasharray': DASHES[i % DASHES.length],
    })
    const [epoch, loss] = points[points.length - 1]
    inside += element('circle', { cx: x(epoch), cy: y(loss), r: 3, fill: colour })
    named.push({ at: y(loss), text: `${text} ${loss.toFixed(4)}`, colour })
  }
  const places = spread(named.map(({ at }) => at))
  for (const [i, { text, colour }] of named.entries()) {
    inside += label(PLOT.right + 10, places[i] + 4, text, { fill: colour })
  }
  const about = named.map(({ text }) => text).join('; ')
  const title = 'Held-out loss by passes over the text'
  return figure(SIZE, { theme, title, about }, inside)
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    run: { type: 'string', multiple: true, default: [] },
    line: { type: 'string', multiple: true, default: [] },
  },
})
const curves = values.run.map(runOf)
const levels = values.line.map(levelOf)
const images = fileURLToPath(new URL('../docs/images/', import.meta.url))
for (const theme of FIGURE_THEMES) {
  await writeFileAtomic(`${images}${positionals[0]}-${theme}.svg`, draw(curves, levels, theme))
}
