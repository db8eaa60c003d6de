/** Saves a tree as JSON and loads it. Loading writes every branch again and compares its symbols. */
import { FileError } from '../../errors.js'
import type { Model } from '../../file/model.js'
import { parseSchedule } from '../../temperature/index.js'
import { UNKNOWN_POLICIES, type UnknownPolicy } from '../../text/tokenizer.js'
import { VERSION } from '../../version.js'
import { checkModel, Fields } from '../run/fields.js'
import { compareIds } from '../verify.js'
import type { TreePosition } from './branch.js'
import { type BranchSettings, sameSettings } from './settings.js'
import { createTree, type Tree, type TreeOptions } from './tree.js'

const FORMAT = 'ondo-tree'
const FORMAT_VERSION = 1

export interface BranchFile {
  readonly parent?: number
  readonly at: number
  readonly settings: BranchSettings
  readonly choice?: number
  readonly ids: readonly number[]
}

/** The file of a tree, as a JSON value. */
export interface TreeFile {
  readonly format: typeof FORMAT
  readonly version: typeof FORMAT_VERSION
  readonly ondo: string
  /** The hash of the model; in older files the SHA-256 of its file. */
  readonly model: string
  readonly tokenizer: string
  readonly prompt: string
  readonly unknown?: UnknownPolicy
  readonly branches: readonly BranchFile[]
  readonly here: TreePosition
  readonly past: readonly TreePosition[]
  readonly future: readonly TreePosition[]
}

export function saveTree(tree: Tree): TreeFile {
  const { past, future } = tree.history
  return {
    format: FORMAT,
    version: FORMAT_VERSION,
    ondo: VERSION,
    model: tree.model.hash,
    tokenizer: tree.model.tokenizer.kind,
    prompt: tree.prompt,
    ...(tree.unknown !== 'error' && { unknown: tree.unknown }),
    branches: tree.branches.map(({ parent, at, settings, choice, steps }) => ({
      ...(parent !== undefined && { parent }),
      at,
      settings,
      ...(choice !== undefined && { choice }),
      ids: steps.map(step => step.id),
    })),
    here: tree.here,
    past,
    future,
  }
}

/**
 * Loads a tree. All its branches are written again, at some ten thousand symbols per second.
 * @param file the result of `saveTree`, or its JSON text
 * @throws FileError when it is damaged, of another model, or gives another text
 */
export async function loadTree(
  model: Model,
  file: unknown,
  options: Pick<TreeOptions, 'every' | 'memory' | 'intervals'> = {},
): Promise<Tree> {
  const fields = Fields.ofFile(file, 'The tree', FORMAT, FORMAT_VERSION)
  await checkModel(model, fields.text('model'), 'The tree')
  const branches = fields
    .list('branches')
    .map((branch, id) => readBranch(branch, id, model.config.vocabulary))
  if (branches.length === 0) fields.refuse('branches', 'at least one')
  const [{ settings }] = branches
  const tree = await createTree(model, {
    ...options,
    prompt: fields.text('prompt'),
    unknown: fields.has('unknown') ? fields.word('unknown', UNKNOWN_POLICIES) : 'error',
    ...settings,
    seed: BigInt(settings.seed),
  })
  try {
    for (const [id, branch] of branches.entries()) rebuildBranch(tree, id, branch)
    const place = (value: unknown): TreePosition => readPosition(value, tree)
    tree.restore(
      place(fields.raw('here')),
      fields.list('past').map(place),
      fields.list('future').map(place),
    )
    return tree
  } catch (error) {
    tree.dispose()
    throw error
  }
}

function readBranch(value: unknown, id: number, size: number): BranchFile {
  const fields = new Fields(value, `Branch ${id} of the tree`)
  const given = new Fields(fields.raw('settings'), `The settings of branch ${id}`)
  const settings: BranchSettings = {
    temperature: given.text('temperature'),
    seed: given.seed('seed'),
    stream: given.whole('stream'),
    ...(given.has('chain') && { chain: given.text('chain') }),
  }
  parseSchedule(settings.temperature)
  return {
    ...(id > 0 && { parent: fields.whole('parent', id - 1) }),
    at: fields.whole('at', id > 0 ? undefined : 0),
    settings,
    ...(fields.has('choice') && { choice: fields.whole('choice', size - 1) }),
    ids: fields.ids('ids', size),
  }
}

function rebuildBranch(tree: Tree, id: number, branch: BranchFile): void {
  const { parent = 0, at, settings, choice, ids } = branch
  const refuse = (why: string): FileError =>
    new FileError('damaged', `Branch ${id} of the tree ${why}: the file is damaged.`)
  if (id > 0) {
    const from = tree.branches[parent]
    if (at < from.at || at > tree.lengthOf(parent))
      throw refuse('leaves its parent where that is not')
    if (choice !== undefined && !sameSettings(settings, from.settings)) {
      throw refuse('makes a choice under settings that are not those of its parent')
    }
    if (choice !== undefined && ids.length === 0) throw refuse('lacks the symbol it chose')
    tree.addBranch({ branch: parent, position: at }, settings, choice)
  }
  const grown = tree.branches[id]
  tree.restore({ branch: id, position: tree.lengthOf(id) }, [], [])
  tree.write(ids.length - grown.steps.length)
  const difference = compareIds(
    tree.model.tokenizer,
    ids,
    grown.steps.map(step => step.id),
  )
  if (!difference) return
  const { position, expected, came } = difference
  throw new FileError(
    'differs',
    `Branch ${id} of the tree does not come out the same: at position ${at + position} it has ${expected}, and ${came} came: the file was changed, or made by an Ondo that calculates differently.`,
  )
}

function readPosition(value: unknown, tree: Tree): TreePosition {
  const fields = new Fields(value, 'A place of the tree')
  const branch = fields.whole('branch', tree.branches.length - 1)
  const position = fields.whole('position', tree.lengthOf(branch))
  return { branch: tree.ownerOf(branch, position), position }
}
