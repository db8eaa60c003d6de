/**
 * Serves the page without a network. Each version has one cache. Its files are fetched without the
 * browser's HTTP cache and compared with their digests. The new version replaces the old one only when
 * all files match and no page of the old version is open, so no page loads files of two versions.
 *
 * At the end of the build, plugin.ts writes FILES, VERSION and MODELS above this comment.
 */
const APP = `ondo-${VERSION}`
const KEPT = `ondo-models-${MODELS}`
const base = new URL('./', self.location.href)
const LIST = new URL('models/index.json', base).href
const addressOf = path => new URL(path === 'index.html' ? './' : path, base).href
const own = new Set(Object.keys(FILES).map(addressOf))

async function digest(response) {
  const bytes = await crypto.subtle.digest('SHA-256', await response.arrayBuffer())
  return Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, '0')).join('')
}

async function install() {
  const cache = await caches.open(APP)
  for (const [path, expected] of Object.entries(FILES)) {
    const address = addressOf(path)
    const response = await fetch(address, { cache: 'reload' })
    const found = response.ok && (await digest(response.clone()))
    // The server is being updated; the browser will try again later.
    if (found !== expected) throw new Error(`${path} is not of version ${VERSION}`)
    await cache.put(address, response)
  }
  await newest(LIST)
}

async function activate() {
  for (const name of await caches.keys()) {
    if (name.startsWith('ondo-') && name !== APP && name !== KEPT) await caches.delete(name)
  }
  await self.clients.claim()
}

/** Answers from a cache, or fetches and caches the response: a model or the training engine. */
async function keep(name, request) {
  const cache = await caches.open(name)
  const found = await cache.match(request)
  if (found) return found
  const response = await fetch(request)
  if (response.status === 200) {
    // When the disk is full, the response is used without being cached.
    await cache.put(request, response.clone()).catch(() => {})
  }
  return response
}

/** Fetches the list of models from the server; answers from the cache when the server cannot be reached. */
async function newest(request) {
  const cache = await caches.open(APP)
  const response = await fetch(request).catch(() => undefined)
  if (!response?.ok) return (await cache.match(request)) ?? response ?? Response.error()
  await cache.put(request, response.clone()).catch(() => {})
  return response
}

self.addEventListener('install', event => event.waitUntil(install()))
self.addEventListener('activate', event => event.waitUntil(activate()))
self.addEventListener('message', event => {
  const { type, address } = event.data
  if (type === 'keep' && new URL(address).origin === base.origin) {
    event.waitUntil(keep(KEPT, address))
  } else if (type === 'take') {
    event.waitUntil(
      self.clients.matchAll({ includeUncontrolled: true }).then(pages => {
        const others = pages.filter(page => page.type === 'window').length - 1
        if (others > 0) event.source.postMessage({ type: 'others', count: others })
        else return self.skipWaiting()
      }),
    )
  }
})
self.addEventListener('fetch', event => {
  const { request } = event
  const address = request.url.replace(/[?#].*$/, '').replace(/\/index\.html$/, '/')
  if (request.method !== 'GET' || !address.startsWith(base.href)) return
  if (address === LIST) event.respondWith(newest(address))
  else if (own.has(address)) {
    event.respondWith(
      caches
        .open(APP)
        .then(cache => cache.match(address))
        .then(found => found ?? fetch(request)),
    )
  } else if (address.startsWith(`${base.href}models/`)) event.respondWith(keep(KEPT, address))
  else if (address.startsWith(`${base.href}ort/`)) event.respondWith(keep(APP, address))
})
