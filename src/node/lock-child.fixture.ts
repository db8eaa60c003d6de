/** A process that wants a folder: waits for a line, tries, says what came of it, and holds until its input ends. Argument: folder. */
import { FolderLock } from './folder-lock.js'

process.stdout.write('ready\n')
process.stdin.once('data', async () => {
  try {
    await FolderLock.take(process.argv[2]!)
    process.stdout.write('held\n')
  } catch (error) {
    process.stdout.write(`${(error as Error).message}\n`)
  }
})
process.stdin.on('end', () => process.exit())
