/**
 * Saves a file through the browser.
 * @param type of `contents` that are text, which is written as UTF-8
 */
export function save(name: string, contents: Blob | string, type = 'text/plain'): void {
  const blob =
    typeof contents === 'string'
      ? new Blob([contents], { type: `${type};charset=utf-8` })
      : contents
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Some browsers still read it a moment later, and a model is large.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
