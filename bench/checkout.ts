import { existsSync } from "node:fs";
import { join } from "node:path";

/** Throws when the folder cannot be bundled. */
export function checkCheckout(root: string): void {
  const wanted = ["src/index.ts", "node_modules/itty-router"];
  const missing = wanted.filter((path) => !existsSync(join(root, path)));
  if (missing.length === 0) return;
  throw new Error(
    `--before takes a checkout of an earlier commit in which npm ci has run, found no ${missing.join(" and no ")} in ${root}. ` +
      "Make one: git worktree add DIR COMMIT && cd DIR && npm ci",
  );
}
