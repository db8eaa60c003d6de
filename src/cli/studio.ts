import type { CommandSpec } from './command.js'
export const studio: CommandSpec = {
  name: 'studio',
  arguments: '',
  about: { en: '', ja: '' },
  examples: [],
  flags: [],
  run: async () => 1,
}
