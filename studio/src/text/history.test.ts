import { expect, it } from 'vitest'
import { type EditorState, History } from './history.js'

const at = (count: number, temperature = 1, branch = 0): EditorState => ({
  place: { branch, count },
  temperature,
  schedule: undefined,
  chain: undefined,
})

it('undoes to the state before each entry, and redoes to its end', () => {
  const history = new History()
  history.add(at(10), at(4, 1, 1))
  // Writing went on to 30 before the next thing was done.
  history.add(at(30, 1, 1), at(20, 1, 2))
  expect(history.undo(at(50, 1, 2))).toEqual(at(30, 1, 1))
  expect(history.undo(at(30, 1, 1))).toEqual(at(10))
  expect(history.undo(at(10))).toBeUndefined()
  expect(history.redo(at(10))).toEqual(at(30, 1, 1))
  expect(history.redo(at(30, 1, 1))).toEqual(at(50, 1, 2))
  expect(history.redo(at(50, 1, 2))).toBeUndefined()
})

it('drops undone entries once something else is done', () => {
  const history = new History()
  history.add(at(10), at(4, 1, 1))
  history.undo(at(8, 1, 1))
  history.add(at(12), at(3, 1, 2))
  expect(history.canRedo).toBe(false)
  expect(history.undo(at(5, 1, 2))).toEqual(at(12))
})

it('joins the moves of one drag into one entry', () => {
  const history = new History()
  history.addMove(at(10, 1), at(10, 1.1), 0)
  history.addMove(at(11, 1.1), at(11, 1.2), 300)
  history.addMove(at(12, 1.2), at(12, 1.3), 900)
  // A second later it is another move.
  history.addMove(at(40, 1.3), at(40, 2), 3000)
  expect(history.undo(at(60, 2))).toEqual(at(40, 1.3))
  expect(history.undo(at(40, 1.3))).toEqual(at(10, 1))
  expect(history.canUndo).toBe(false)
})
