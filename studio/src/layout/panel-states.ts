/** What a panel keeps while it is not shown: a run that goes on, what was computed for it. */
export class PanelStates {
  private readonly states = new Map<string, unknown>()

  /** The state under this name; made when it is first asked for. */
  of<State>(name: string, make: () => State): State {
    if (!this.states.has(name)) this.states.set(name, make())
    return this.states.get(name) as State
  }
}
