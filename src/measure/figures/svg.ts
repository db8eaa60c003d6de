/**
 * SVG helpers for the figures of sweeps and calibrations. A figure must be readable without colour:
 * lines differ in dashes and marks, and have labels.
 */

export const FIGURE_THEMES = ['light', 'dark'] as const
export type FigureTheme = (typeof FIGURE_THEMES)[number]
export type FigureLanguage = 'en' | 'ja'

export interface FigureOptions {
  /** Default `light`. */
  readonly theme?: FigureTheme
  /** Default `en`. */
  readonly language?: FigureLanguage
}

export interface Palette {
  readonly background: string
  readonly ink: string
  /** Colour of secondary text and axes. */
  readonly muted: string
  readonly grid: string
  /** Colours of T = 0, 0.2, 0.45, 0.8, 1.6, infinity, as in the studio. */
  readonly heat: readonly string[]
}

export const PALETTES: Readonly<Record<FigureTheme, Palette>> = {
  light: {
    background: '#fffefb',
    ink: '#23252a',
    muted: '#5f6370',
    grid: '#e3dfd5',
    heat: ['#1b5da6', '#2c6fae', '#5c6f74', '#9f5e05', '#be440a', '#a3231b'],
  },
  dark: {
    background: '#1b1d21',
    ink: '#e8e4db',
    muted: '#a5a8b0',
    grid: '#2e3138',
    heat: ['#74b0f4', '#8cbbed', '#aebcc0', '#e2ae55', '#ff9350', '#ff7a68'],
  },
}

const FONTS: Readonly<Record<FigureLanguage, string>> = {
  en: "'Noto Sans','Liberation Sans','DejaVu Sans',Arial,sans-serif",
  ja: "'Hiragino Sans','Yu Gothic','Noto Sans JP','Noto Sans CJK JP','Noto Sans',sans-serif",
}

type Attributes = Readonly<Record<string, string | number | undefined>>

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

/** Escapes text for XML. Characters that XML can't contain become U+FFFD. */
export const escapeXml = (text: string): string =>
  text
    .replace(/[&<>"]/g, character => ESCAPES[character])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/\p{Surrogate}/gu, '\ufffd')

/** Numbers are rounded to a tenth of a unit, which is finer than a reader can see. */
const attribute = (value: string | number): string =>
  typeof value === 'number' ? String(Math.round(value * 10) / 10) : escapeXml(value)

export function element(name: string, attributes: Attributes, content = ''): string {
  let open = name
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) open += ` ${key}="${attribute(value)}"`
  }
  return content === '' ? `<${open}/>` : `<${open}>${content}</${name}>`
}

export const label = (x: number, y: number, text: string, more: Attributes = {}): string =>
  element('text', { x, y, ...more }, escapeXml(text))

export const line = (x1: number, y1: number, x2: number, y2: number, more: Attributes): string =>
  element('line', { x1, y1, x2, y2, ...more })

type Point = readonly [x: number, y: number]

export const pathOf = (points: readonly Point[]): string =>
  points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${attribute(x)} ${attribute(y)}`).join('')

/** A complete SVG document. @param options.about text alternative for screen readers */
export function figure(
  size: { readonly width: number; readonly height: number },
  options: FigureOptions & { readonly title: string; readonly about: string },
  content: string,
): string {
  const { theme = 'light', language = 'en', title, about } = options
  const { background, ink } = PALETTES[theme]
  const { width, height } = size
  const body =
    element('title', {}, escapeXml(title)) +
    element('desc', {}, escapeXml(about)) +
    element('rect', { width, height, fill: background }) +
    content
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      lang: language,
      'font-family': FONTS[language],
      'font-size': 11,
      fill: ink,
    },
    body,
  )}\n`
}

/** The smallest round number that is not below the value, and the ticks from 0 to it. */
export function niceScale(most: number): { readonly top: number; readonly ticks: number[] } {
  if (!(most > 0)) return { top: 1, ticks: [0, 0.5, 1] }
  const power = 10 ** Math.floor(Math.log10(most))
  const [top, step] = (
    [
      [1, 0.5],
      [1.5, 0.5],
      [2, 1],
      [3, 1],
      [4, 2],
      [5, 2.5],
      [6, 2],
      [8, 4],
      [10, 5],
    ] as const
  ).find(([nice]) => nice * power >= most * (1 - 1e-9)) ?? [10, 5]
  const ticks: number[] = []
  for (let tick = 0; tick <= top + 1e-9; tick += step)
    ticks.push(Number((tick * power).toPrecision(6)))
  return { top: Number((top * power).toPrecision(6)), ticks }
}
