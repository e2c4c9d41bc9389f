import { EXIT } from "./errors.ts";

/** What is told when somebody ends the process with Ctrl-C: what goes on all the same, for instance. */
const farewells = new Set<() => void>();

/** @returns what takes it back */
export function onInterrupt(say: () => void): () => void {
  farewells.add(say);
  return () => farewells.delete(say);
}

export function endOnInterrupt(): void {
  process.on("SIGINT", () => {
    for (const say of farewells) say();
    process.exit(EXIT.interrupted);
  });
}
