/**
 * The public door in Node: everything that runs anywhere, and what needs files, sockets or the
 * native training engine. Here `loadModel` also takes bundled names, paths and training folders.
 */
export * from '../index.js'
export { checkpointFolder } from './checkpoint-folder.js'
export { type OpenCorpus, type OpenOptions, openCorpus } from './corpus.js'
export { nodeEngine } from './engine.js'
export { type ExportPageOptions, exportPage } from './export-page.js'
export { bundledModels, findModel, writeFileAtomic } from './files.js'
export { loadModel } from './load.js'
export { readCorpus } from './read.js'
export { serveStudio } from './serve.js'
