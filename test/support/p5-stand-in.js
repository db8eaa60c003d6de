/*
 * The few functions of p5.js that the sketches of docs/ml5.md call, for machines without p5 (its licence
 * is the LGPL, so that it is no dependency here). It runs setup once and draw in every frame.
 */
;(() => {
  const context = () => document.querySelector('canvas').getContext('2d')
  const element = (tag, properties) => {
    const made = Object.assign(document.createElement(tag), properties)
    document.body.append(made)
    return made
  }
  Object.assign(window, {
    windowWidth: innerWidth,
    createCanvas(width, height) {
      Object.assign(window, { width, height })
      element('canvas', { width, height })
    },
    createSlider(min, max, value, step) {
      const made = element('input', { type: 'range', min, max, step })
      made.value = value
      return {
        value: () => Number(made.value),
        input: listener => made.addEventListener('input', listener),
      }
    },
    createButton(label) {
      const made = element('button', { textContent: label })
      return { mousePressed: listener => made.addEventListener('mousedown', listener) }
    },
    textSize(size) {
      context().font = `${size}px sans-serif`
    },
    background(grey) {
      context().fillStyle = `rgb(${grey} ${grey} ${grey})`
      context().fillRect(0, 0, window.width, window.height)
      context().fillStyle = '#000'
    },
    text(string, x, y, wrapWidth) {
      const lines = wrapWidth === undefined ? [string] : string.split('\n')
      for (const [i, line] of lines.entries()) context().fillText(line, x, y + 20 * i, wrapWidth)
    },
    rect(...sides) {
      context().strokeRect(...sides)
    },
  })
  addEventListener('load', async () => {
    await window.setup()
    const frame = () => {
      window.draw()
      requestAnimationFrame(frame)
    }
    frame()
  })
})()
