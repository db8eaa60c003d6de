import { expect, it } from 'vitest'
import { droppedIn } from './dropped.js'
import { givenByDialogue, givenByDrop } from './given-files.js'

/** A folder as browsers give it: its entries come in parts of at most `part`. */
function folder(name: string, children: FileSystemEntry[], part = 100): FileSystemEntry {
  return {
    ...{ name, isDirectory: true, isFile: false },
    createReader() {
      let at = 0
      return {
        readEntries(resolve: (found: FileSystemEntry[]) => void) {
          resolve(children.slice(at, at + part))
          at += part
        },
      }
    },
  } as unknown as FileSystemEntry
}

const entry = (name: string): FileSystemEntry =>
  ({
    ...{ name, isDirectory: false, isFile: true },
    file: (resolve: (file: File) => void) => resolve(new File(['x'], name)),
  }) as unknown as FileSystemEntry

const namesOf = ({ files }: Awaited<ReturnType<typeof givenByDrop>>): string[] =>
  files.map(({ name }) => name)

it('reads a dropped folder wholly, though the browser lists it in parts', async () => {
  const many = Array.from({ length: 250 }, (_, i) => entry(`part${i}`))
  const given = await givenByDrop([folder('model', [folder('data', many), entry('a.json')])])
  expect(given.title).toBe('model')
  expect(given.files).toHaveLength(251)
  expect(namesOf(given)).toContain('data/part249')
  expect(namesOf(given).at(-1)).toBe('a.json')
})

it('names files within the chosen folder, and the model by the folder or by its only weights', async () => {
  const chosen = Object.defineProperty(new File(['x'], 'w'), 'webkitRelativePath', {
    value: 'darwin/weights/w',
  })
  expect(givenByDialogue([chosen])).toMatchObject({
    title: 'darwin',
    files: [{ name: 'weights/w' }],
  })
  const file = (name: string): File => new File(['x'], name)
  expect(givenByDialogue([file('net.v2.pt')]).title).toBe('net.v2')
  expect(givenByDialogue([file('net.h5'), file('chars.json')]).title).toBe('net')
  expect(givenByDialogue([file('manifest.json'), file('a'), file('b')]).title).toBe('')
  const two = await givenByDrop([folder('a', [entry('x')]), folder('b', [entry('x')])])
  expect([two.title, ...namesOf(two)]).toEqual(['', 'a/x', 'b/x'])
})

it('stops in a folder without an end, and in one that is deep', async () => {
  let nested = folder('bottom', [entry('lost')])
  for (let i = 0; i < 40; i++) nested = folder('n', [nested, entry(`f${i}`)])
  const given = await givenByDrop([nested])
  expect(given.files.length).toBeLessThan(20)
  const wide = folder(
    'wide',
    Array.from({ length: 9000 }, (_, i) => entry(`${i}`)),
  )
  expect((await givenByDrop([wide])).files.length).toBeLessThanOrEqual(3000)
})

it('takes files alone from a browser that gives no entries', async () => {
  const file = new File(['x'], 'model.t7')
  const item = { kind: 'file', getAsFile: () => file }
  const text = { kind: 'string', getAsFile: () => null }
  const data = { items: [text, item], files: [file] } as unknown as DataTransfer
  expect(droppedIn(data)).toEqual([file])
  const old = { items: [], files: [file] } as unknown as DataTransfer
  expect(await givenByDrop(droppedIn(old))).toMatchObject({ title: 'model' })
})
