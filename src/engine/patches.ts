/**
 * Which changes of the code an execution goes along with (Dapr 1.17, IsPatched). A patch is recorded where the code first
 * comes to it after the change was deployed; an execution that had passed that place before stays with the old way.
 */
export class Patches {
  readonly #recorded: readonly string[];
  readonly #answers = new Map<string, boolean>();
  /** Patches that were answered with true, in order. */
  readonly #taken: string[] = [];

  /** `recorded`: the patches that the history holds, in order. */
  constructor(recorded: readonly string[]) {
    this.#recorded = recorded;
  }

  /** `record` is called when the answer is new to the history. */
  isPatched(name: string, isReplaying: boolean, record: () => void): boolean {
    const known = this.#answers.get(name);
    if (known !== undefined) return known;
    const isRecorded = this.#recorded.includes(name);
    const answer = isRecorded || !isReplaying;
    this.#answers.set(name, answer);
    if (answer) this.#taken.push(name);
    if (answer && !isRecorded) record();
    return answer;
  }

  /** After a replay the code must have come by all recorded patches, in their order. Dapr's text when it has not. */
  get mismatch(): string | undefined {
    if (this.#recorded.every((name, n) => this.#taken[n] === name)) return undefined;
    return `Patch mismatch. History patches: [${this.#recorded.join(", ")}], current patches: [${this.#taken.join(", ")}]. `;
  }
}
