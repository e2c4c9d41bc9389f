import { EXIT } from "./errors.ts";
import { CLEAR_LINE } from "./terminal/progress.ts";

/** What is told when somebody ends the process with Ctrl-C: what goes on all the same, for instance. */
const farewells = new Set<() => void>();

/** @returns what takes it back */
export function onInterrupt(say: () => void): () => void {
  farewells.add(say);
  return () => farewells.delete(say);
}

export function endOnInterrupt(): void {
  process.on("SIGINT", () => {
    // Nothing is left of a line of progress, nor of the ^C that a terminal shows.
    if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
    for (const say of farewells) say();
    process.exit(EXIT.interrupted);
  });
}
