/** Safari ends a composition with a key of this code after `isComposing` has fallen. */
const COMPOSING = 229

/** While an input method composes, every key belongs to it. */
export const isComposing = (event: KeyboardEvent): boolean =>
  event.isComposing || event.keyCode === COMPOSING
