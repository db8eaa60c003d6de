/** Safari ends a composition with a key of this code, when `isComposing` is already false. */
const COMPOSING = 229

/** Whether an input method is composing, so that the key is not the page's. */
export const isComposing = (event: KeyboardEvent): boolean =>
  event.isComposing || event.keyCode === COMPOSING
