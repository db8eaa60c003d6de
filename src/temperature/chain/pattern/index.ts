/** Regular expressions that are matched in linear time. */
export { Pattern } from './match.js'
export { shownPattern } from './parse.js'
