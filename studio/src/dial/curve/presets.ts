/** Example schedules: every form of docs/temperature.md, fitted to the length of the curve. */
export const PRESETS = [
  'rise',
  'fall',
  'breath',
  'switch',
  'cycle',
  'word',
  'entropy',
  'surprise',
  'escape',
] as const
export type Preset = (typeof PRESETS)[number]

/** @param span symbols of the whole curve */
export function formatPreset(preset: Preset, span: number): string {
  const at = (share: number): number => Math.round(span * share)
  switch (preset) {
    case 'rise':
      return `0.4@0 1.2@${at(1)}`
    case 'fall':
      return `1.5@0 0.3@${at(1)}`
    case 'breath':
      return `0.5@0 1.2@${at(0.25)} 0.5@${at(0.5)} 1.2@${at(0.75)} 0.5@${at(1)}`
    case 'switch':
      return `0.3 until ${at(0.5)} then 1.2`
    case 'cycle':
      return 'cycle 1,0.5,0.2,0.2'
    case 'word':
      return 'word 1.2/0.4'
    case 'entropy':
      return 'entropy 0.3..1.2^1'
    case 'surprise':
      return 'surprise 2.5'
    case 'escape':
      return 'escape 0.2'
  }
}
