import { cut, oneLine } from "./text.ts";

const LINE_EVERY_MS = 5_000;
/** Back to its beginning, and nothing is on it. */
export const CLEAR_LINE = "\r\u001b[K";

/**
 * How far long work has come, on stderr: one line that is written over on a terminal; elsewhere a line when something has changed, at most
 * every five seconds, so that short work says nothing.
 */
export class Progress {
  #shown = "";
  #saidAtMs = performance.now();

  show(text: string): void {
    const line = oneLine(text);
    if (line === this.#shown) return;
    const { stderr } = process;
    if (stderr.isTTY) {
      this.#shown = line;
      stderr.write(`${CLEAR_LINE}${cut(line, (stderr.columns || 80) - 1)}`);
    } else if (performance.now() - this.#saidAtMs >= LINE_EVERY_MS) {
      this.#shown = line;
      this.#saidAtMs = performance.now();
      stderr.write(`${line}\n`);
    }
  }

  /** The terminal is as if it had not been there. */
  end(): void {
    if (process.stderr.isTTY && this.#shown !== "") process.stderr.write(CLEAR_LINE);
    this.#shown = "";
  }
}
