/**
 * Drawing in SVG: what the figures of sweeps and calibrations share. Everything is readable without
 * colour: lines differ by dashes and marks, and each says beside it what it is.
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
  readonly sheet: string
  readonly ink: string
  /** Words of the second rank, and axes. */
  readonly soft: string
  readonly hair: string
  /** Colours of T = 0, 0.2, 0.45, 0.8, 1.6, infinity: the studio's. */
  readonly heat: readonly string[]
}

export const PALETTES: Readonly<Record<FigureTheme, Palette>> = {
  light: {
    sheet: '#fffefb',
    ink: '#23252a',
    soft: '#5f6370',
    hair: '#e3dfd5',
    heat: ['#1b5da6', '#2c6fae', '#5c6f74', '#9f5e05', '#be440a', '#a3231b'],
  },
  dark: {
    sheet: '#1b1d21',
    ink: '#e8e4db',
    soft: '#a5a8b0',
    hair: '#2e3138',
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

/** Control characters, which XML can't hold, become their replacement. */
export const escapeXml = (text: string): string =>
  text
    .replace(/[&<>"]/g, character => ESCAPES[character])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/\p{Surrogate}/gu, '\ufffd')

/** To a tenth of a unit: finer can't be seen. */
const put = (value: string | number): string =>
  typeof value === 'number' ? String(Math.round(value * 10) / 10) : escapeXml(value)

export function element(name: string, attributes: Attributes, inside = ''): string {
  let open = name
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) open += ` ${key}="${put(value)}"`
  }
  return inside === '' ? `<${open}/>` : `<${open}>${inside}</${name}>`
}

export const label = (x: number, y: number, text: string, more: Attributes = {}): string =>
  element('text', { x, y, ...more }, escapeXml(text))

export const line = (x1: number, y1: number, x2: number, y2: number, more: Attributes): string =>
  element('line', { x1, y1, x2, y2, ...more })

type Point = readonly [x: number, y: number]

export const pathOf = (points: readonly Point[]): string =>
  points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${put(x)} ${put(y)}`).join('')

/** A whole figure. @param about for readers who can't see it */
export function figure(
  size: { readonly width: number; readonly height: number },
  options: FigureOptions & { readonly title: string; readonly about: string },
  inside: string,
): string {
  const { theme = 'light', language = 'en', title, about } = options
  const { sheet, ink } = PALETTES[theme]
  const { width, height } = size
  const body =
    element('title', {}, escapeXml(title)) +
    element('desc', {}, escapeXml(about)) +
    element('rect', { width, height, fill: sheet }) +
    inside
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

/** The least round number that is not below the value, and the ticks from 0 to it. */
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
