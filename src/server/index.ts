/**
 * Models over HTTP, as a function from Request to Response.
 * @module
 */
export { type AppOptions, createApp } from './app.js'
export type { CompletionEvent, CompletionRequest } from './completion.js'
export type { ModelFile } from './models.js'
