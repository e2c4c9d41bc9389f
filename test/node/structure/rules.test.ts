// [S20] The rules that titles of tests name: who looks for one finds it in one place.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

/** Of the HTTP face and of the client; those of the engine and of instances are held in several places. */
const FOLDERS = { H: "http", A: "authoring" } as const;

/** Each number, and the files in which it stands at the beginning of a title. */
function filesByRule(letter: string, folder: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const at = join(import.meta.dirname, "..", folder);
  for (const file of readdirSync(at).filter((name) => name.endsWith(".test.ts")))
    for (const [, rule = ""] of readFileSync(join(at, file), "utf8").matchAll(
      new RegExp(`["\`]\\[(${letter}\\d+)`, "g"),
    ))
      found.set(rule, (found.get(rule) ?? new Set()).add(file));
  return found;
}

it.each(Object.entries(FOLDERS))("[S20] each rule %s… stands in one file of test/node/%s", (letter, folder) => {
  const rules = filesByRule(letter, folder);
  expect(rules.size).toBeGreaterThan(10);
  const shared = [...rules]
    .filter(([, files]) => files.size > 1)
    .map(([rule, files]) => `${rule}: ${[...files].join()}`);
  expect(shared).toEqual([]);
});
