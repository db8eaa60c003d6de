import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Model } from '../../file/model.js'
import { log2 } from '../../numeric.js'
import { Random } from '../../random.js'
import { createChain, Distribution, parseSchedule, startSchedule } from '../../temperature/index.js'
import { LoopDetector } from '../../text/index.js'
import { generateText, networkOf, promptIds } from '../generate.js'
import { mockModel } from '../mock.fixture.js'
import { RecentStates, StateCache } from '../state-cache.js'
import { loadTree, saveTree, type TreeFile } from './file.js'
import { createTree, type Tree } from './tree.js'

const letters = mockModel('abcdefgh \n')

/**
 * The plain twin: the text at a place, straight through from the prompt, from session, coins, chain,
 * loop detector and schedule alone. Nothing is put back, because nothing is ever left.
 */
async function straight(model: Model, tree: Tree): Promise<number[]> {
  const session = (await networkOf(model)).session()
  const prompt = promptIds(model, tree.prompt)
  let logits = session.prefill(prompt)
  const history = Array.from(prompt)
  const detector = new LoopDetector()
  const distribution = new Distribution(logits.length)
  let [written, lastSurprisal, looping] = ['', undefined as number | undefined, 0]
  let schedule = ''
  let temperatureAt = startSchedule({ kind: 'constant', temperature: 1 })
  const ids: number[] = []
  for (let position = 0; position < tree.here.position; position++) {
    const branch = tree.branches[tree.ownerOf(tree.here.branch, position)]
    const { temperature, seed, stream, chain } = branch.settings
    if (temperature !== schedule) temperatureAt = startSchedule(parseSchedule(temperature))
    schedule = temperature
    distribution.load(logits)
    const moment = {
      position,
      text: (tree.prompt + written).slice(-256),
      normalisedEntropy: () => distribution.entropy(1) / log2(logits.length),
      ...{ lastSurprisal, looping },
    }
    const T = temperatureAt(moment)
    const random = new Random(BigInt(seed), stream)
    const coin = random.coin(position)
    const secondCoin = (): number => random.secondCoin(position)
    const drawn = chain
      ? createChain(chain, model.tokenizer)
          .apply(logits, { history, temperature: T, text: moment.text, secondCoin })
          .draw(coin).id
      : distribution.draw(T, coin).id
    const id = branch.choice !== undefined && position === branch.at ? branch.choice : drawn
    const own = distribution.at(1)
    const top = distribution.logit(distribution.idOfRank(1))
    lastSurprisal = (own.logPartition - (distribution.logit(id) - top)) / Math.LN2
    detector.push(id)
    looping = Math.max(0, ...detector.loops().map(loop => loop.length - 3 * loop.period + 1))
    written += model.tokenizer.symbol(id)
    history.push(id)
    ids.push(id)
    logits = session.step(id)
  }
  session.dispose()
  return ids
}

const idsOf = (tree: Tree): number[] => tree.steps().map(step => step.id)
const json = (tree: Tree): TreeFile => JSON.parse(JSON.stringify(saveTree(tree)))

const SCHEDULES = ['0.3', '0', '1.5', 'inf', 'surprise 1.5', 'escape 0.1', 'word 1.2/0.4']
const MORE = ['entropy 0.3..1.5', 'surprise 2 until 20 then escape (surprise 1)', '0.2@0 2@30']
const CHAINS = [
  null,
  'penalty repetition=1.3 presence=0.4 window=9',
  'dry 0.8',
  'temperature, top-p 0.8',
  'xtc',
]

type Move = (tree: Tree) => void
const share = fc.nat({ max: 999 }).map(n => n / 1000)
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.integer({ min: 1, max: 25 }).map(count => (tree: Tree) => void tree.write(count)),
  share.map(x => (tree: Tree) => tree.rewind(Math.floor(x * (tree.end + 1)))),
  fc.nat(9).map(id => (tree: Tree) => void tree.choose(id)),
  fc
    .constantFrom(...SCHEDULES, ...MORE)
    .map(temperature => (tree: Tree) => tree.change({ temperature })),
  fc.nat(3).map(seed => (tree: Tree) => tree.change({ seed, stream: seed % 2 })),
  fc.constantFrom(...CHAINS).map(chain => (tree: Tree) => tree.change({ chain })),
  fc.constant((tree: Tree) => tree.undo()),
  fc.constant((tree: Tree) => tree.redo()),
  fc.tuple(share, share).map(([x, y]) => (tree: Tree) => {
    const branch = tree.branches[Math.floor(x * tree.branches.length)]
    tree.goTo({ branch: branch.id, position: Math.floor(y * (branch.at + branch.steps.length)) })
  }),
  fc.constant((tree: Tree) => void tree.candidates(3)),
)

describe('a tree of texts', () => {
  it('after any moves has the text that is written straight through with the same choices', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { minLength: 3, maxLength: 25 }),
        fc.constantFrom(1, 3, 16),
        fc.constantFrom(0, 200, 1e6),
        async (moves, every, memory) => {
          const options = { prompt: 'ab', temperature: 'surprise 2', every, memory }
          const tree = await createTree(letters, options)
          for (const step of [...moves, (tree: Tree) => void tree.write(20)]) {
            step(tree)
            const steps = tree.steps()
            expect(steps.map(step => step.index)).toEqual(steps.map((_, i) => i))
          }
          expect(idsOf(tree)).toEqual(await straight(letters, tree))
          // And what it wrote on the way too, wherever that is now.
          const twig = tree.branches[tree.branches.length >> 1]
          tree.goTo({ branch: twig.id, position: twig.at + twig.steps.length })
          expect(idsOf(tree)).toEqual(await straight(letters, tree))
          expect((await loadTree(letters, json(tree))).text).toBe(tree.text)
          tree.dispose()
        },
      ),
      { numRuns: 250 },
    )
  })

  it('writes what generate writes', async () => {
    const options = { prompt: 'ab', temperature: 0.9, seed: 2n ** 60n, stream: 3 }
    const tree = await createTree(letters, options)
    tree.write(80)
    expect(tree.text).toBe(await generateText(letters, { ...options, length: 80 }))
  })

  it('keeps both ways at a fork, and turns between them', async () => {
    const tree = await createTree(letters, { prompt: 'ab', temperature: 1 })
    tree.write(30)
    const text = tree.text
    tree.rewind(10)
    const other = tree.candidates(5).top.find(({ id }) => id !== tree.alternatives()[0].step.id)
    if (!other) throw new Error('there is more than one symbol')
    const chosen = tree.choose(other.id)
    expect(chosen).toMatchObject({ id: other.id, coin: null, chosen: true, index: 10 })
    expect(chosen.p).toBeCloseTo(other.p, 14)
    expect(chosen.pT).toBeCloseTo(other.pT, 14)
    expect(chosen.rank).toBe(other.rank)
    tree.write(19)
    expect(tree.text.slice(0, 10)).toBe(text.slice(0, 10))
    expect(tree.alternatives(10).map(({ branch }) => branch)).toEqual([1, 0])
    expect(tree.alternatives(12)).toHaveLength(1)
    tree.goTo({ branch: tree.alternatives(10)[1].branch, position: 30 })
    expect(tree.text).toBe(text)
  })

  it('goes to what is there already instead of writing it again', async () => {
    const tree = await createTree(letters, { prompt: 'ab' })
    tree.write(20)
    tree.rewind(5)
    tree.choose(tree.alternatives()[0].step.id)
    expect(tree.here).toEqual({ branch: 0, position: 6 })
    tree.rewind(5)
    const [, second] = tree
      .candidates(10)
      .top.filter(c => c.id !== tree.steps({ branch: 0, position: 6 })[5].id)
    tree.choose(second.id)
    tree.rewind(5)
    tree.choose(second.id)
    expect(tree.branches).toHaveLength(2)
    tree.rewind(3)
    tree.change({ temperature: 2 })
    tree.undo()
    tree.change({ temperature: 2 })
    expect(tree.branches).toHaveLength(3)
    // A slider that is drawn leaves siblings, no staircase, and finds its way back.
    for (const temperature of [2.1, 2.2, 2.1, 0.8]) tree.change({ temperature })
    expect(tree.branches.slice(2).map(branch => branch.parent)).toEqual([0, 0, 0])
    expect(tree.here).toEqual({ branch: 0, position: 3 })
  })

  it('undoes and redoes moves; writing on is one move', async () => {
    const tree = await createTree(letters, { prompt: 'ab', temperature: 1 })
    for (let n = 0; n < 10; n++) tree.write(1)
    const ten = tree.text
    tree.change({ temperature: 2 })
    tree.write(5)
    const fifteen = tree.text
    tree.undo()
    expect([tree.text, tree.settings.temperature]).toEqual([ten, '2'])
    tree.undo()
    expect([tree.text, tree.settings.temperature]).toEqual([ten, '1'])
    tree.undo()
    expect([tree.text, tree.canUndo]).toEqual(['', false])
    for (let n = 0; n < 3; n++) tree.redo()
    expect([tree.text, tree.canRedo]).toEqual([fifteen, false])
    tree.undo()
    tree.write(2)
    expect(tree.canRedo).toBe(false)
    expect(tree.text).toBe(fifteen.slice(0, 12))
  })

  it('goes back in at most as many steps as lie between two states', async () => {
    const tree = await createTree(letters, { every: 8 })
    tree.write(200)
    let most = 0
    for (const position of [0, 1, 7, 8, 9, 16, 17, 100, 104, 199, 200]) {
      const before = tree.replayed
      tree.rewind(position)
      tree.candidates(1)
      most = Math.max(most, tree.replayed - before)
    }
    expect(most).toBe(8)
  })

  it('keeps no more states than fit the memory, and is right without any', async () => {
    const few = await createTree(letters, { every: 2, memory: 0, temperature: 1 })
    few.write(50)
    const text = few.text
    few.rewind(20)
    few.change({ seed: 1 })
    few.write(5)
    expect(few.replayed).toBe(20)
    few.undo()
    few.undo()
    few.write(30)
    expect(few.text).toBe(text)
  })

  it('reports a choice that the chain had taken away with the odds that it had', async () => {
    const tree = await createTree(letters, { prompt: 'ab', chain: 'top-k 2' })
    const { top } = tree.candidates(9)
    expect(top).toHaveLength(2)
    const id = [0, 1, 2].find(id => top.every(candidate => candidate.id !== id)) as number
    expect(tree.choose(id)).toMatchObject({ id, pT: 0 })
    expect(tree.steps()[0].p).toBeGreaterThan(0)
  })

  it.each([
    [(tree: Tree) => tree.rewind(6), /The position is 6; expected a whole number from 0 to 5/],
    [(tree: Tree) => tree.goTo({ branch: 1, position: 0 }), /The branch is 1; expected/],
    [(tree: Tree) => tree.choose(10), /The chosen id is 10; expected a whole number from 0 to 9/],
    [(tree: Tree) => tree.change({ temperature: -1 }), /The temperature is -1/],
    [(tree: Tree) => tree.change({ temperature: 'warm' }), /The schedule "warm"/],
    [(tree: Tree) => tree.change({ seed: -1 }), /The seed is -1/],
    [(tree: Tree) => tree.change({ chain: 'top-q 1' }), /top-q/],
  ])('refuses %s and stays as it is', async (act, sentence) => {
    const tree = await createTree(letters)
    tree.write(5)
    const before = JSON.stringify(saveTree(tree))
    expect(() => act(tree)).toThrow(sentence)
    expect(JSON.stringify(saveTree(tree))).toBe(before)
  })
})

describe('the file of a tree', () => {
  const grown = async (): Promise<Tree> => {
    const tree = await createTree(letters, { prompt: 'ab', temperature: 'surprise 2' })
    tree.write(40)
    tree.rewind(20)
    tree.choose(tree.candidates(3).top[2].id)
    tree.write(10)
    tree.change({ chain: 'dry 0.8', seed: 2n ** 62n })
    tree.write(10)
    tree.undo()
    return tree
  }

  it('gives the same tree, its moves and its records', async () => {
    const tree = await grown()
    const again = await loadTree(letters, JSON.stringify(saveTree(tree)))
    expect(again.branches).toEqual(tree.branches)
    expect(again.here).toEqual(tree.here)
    tree.redo()
    again.redo()
    expect(again.text).toBe(tree.text)
    tree.write(5)
    again.write(5)
    expect(saveTree(again)).toEqual(saveTree(tree))
  })

  it('may stand above the branch that it names, as `goTo` may', async () => {
    const tree = await grown()
    const file = JSON.parse(JSON.stringify(saveTree(tree)))
    file.here = { branch: 2, position: 5 }
    tree.goTo(file.here)
    const again = await loadTree(letters, file)
    expect(again.here).toEqual(tree.here)
    expect(again.write(3)).toEqual(tree.write(3))
  })

  const spoilt: [string, (file: Record<string, never>) => void, RegExp][] = [
    ['another model', file => Object.assign(file, { model: 'x' }), /made with the model x/],
    ['another format', file => Object.assign(file, { format: 'x' }), /expected "ondo-tree"/],
    ['a newer version', file => Object.assign(file, { version: 2 }), /is of version 2/],
    ['no branches', file => Object.assign(file, { branches: [] }), /branches/],
    ['a place that is not', file => Object.assign(file.here, { position: 99 }), /position/],
    ['a parent to come', file => Object.assign(file.branches[1], { parent: 1 }), /parent/],
    ['a fork beyond', file => Object.assign(file.branches[1], { at: 41 }), /leaves its parent/],
    ['an id beyond', file => Object.assign(file.branches[0], { ids: [10] }), /ids/],
    ['a bad seed', file => Object.assign(file.branches[0], { settings: {} }), /temperature/],
  ]
  it.each(spoilt)('with %s is refused', async (_, spoil, sentence) => {
    const file = JSON.parse(JSON.stringify(saveTree(await grown())))
    spoil(file)
    await expect(loadTree(letters, file)).rejects.toThrow(sentence)
  })

  it('whose text was changed is refused at the position', async () => {
    const file = JSON.parse(JSON.stringify(saveTree(await grown())))
    file.branches[1].ids[4] = (file.branches[1].ids[4] + 1) % 10
    await expect(loadTree(letters, file)).rejects.toThrow(/Branch 1 .* at position 24 it has/)
  })
})

describe('states along texts', () => {
  it('are let go in the order of use when they do not fit', () => {
    const states = new RecentStates(12)
    const state = (n: number) => Float32Array.of(n)
    for (const n of [1, 2, 3]) states.set(`${n}`, state(n))
    states.get('1')
    states.set('4', state(4))
    expect(['1', '2', '3', '4'].filter(key => states.get(key))).toEqual(['1', '3', '4'])
    expect(states.used).toBe(12)
    states.set('large', new Float32Array(4))
    expect(states.get('large')).toBeUndefined()
  })

  it('bring a session to where it would be, and are put back where they are missing', async () => {
    const network = await networkOf(letters)
    const ids = Array.from({ length: 30 }, (_, i) => (i * i) % 10)
    const states = new Map<number, Float32Array>()
    const cache = new StateCache(letters, network, [1], { ids, every: 8, states })
    const first = cache.writerAt(30, { seed: 1 })
    const there = first.snapshot()
    expect([there.read, cache.replayed]).toEqual([29, 30])
    expect([...states.keys()]).toEqual([8, 16, 24])
    const second = cache.writerAt(30, { seed: 1 })
    expect(cache.replayed).toBe(30 + 6)
    expect(second.snapshot()).toEqual(there)
    expect(second.next(1)).toEqual(first.next(1))
    first.dispose()
    second.dispose()
  })
})
