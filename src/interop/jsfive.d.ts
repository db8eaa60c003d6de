/** What the tests use of jsfive, which ships no types. */
declare module 'jsfive' {
  export class Dataset {
    readonly shape: number[]
    readonly value: ArrayLike<number>
  }
  export class Group {
    readonly keys: string[]
    readonly attrs: Record<string, unknown>
    get(path: string): Group | Dataset
  }
  export class File extends Group {
    constructor(buffer: ArrayBuffer, name?: string)
  }
}
