/**
 * Public entry for Node: all of `ondo`, and what needs files, sockets or the native training engine.
 * @module
 */
export * from '../index.js'

// Models on disk: find, load and write them. This `loadModel` also takes bundled names, paths and
// training folders.

export { bundledModels, findModel, writeFileAtomic } from './files.js'
export { loadModel } from './load.js'

// Training: read a corpus of any size, run the native engine, keep checkpoints in a folder.

export { checkpointFolder } from './checkpoint-folder.js'
export { nodeEngine } from './engine.js'
export { type OpenCorpus, type OpenOptions, openCorpus } from './open-corpus.js'
export { readCorpus } from './read.js'

// Pages: serve the studio, or write a model as one HTML file.

export { type ExportPageOptions, exportPage } from './export-page.js'
export { serveStudio } from './serve.js'
