import type { LogLine } from "../model/log.ts";

/** Prints what an author should look at, each once, whatever its numbers. What a test brings about on purpose, such as failures, is not told. */
export class Warnings {
  readonly #print: (text: string) => void;
  readonly #told = new Set<string>();

  constructor(print: (text: string) => void = (text) => console.warn(text)) {
    this.#print = print;
  }

  take({ level, msg, instanceId, text }: LogLine): void {
    if (level !== "warn" || msg !== "workflow" || typeof text !== "string") return;
    const kind = text.replace(/\d+/g, "n");
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#print(`Instance '${instanceId}': ${text}`);
  }
}
