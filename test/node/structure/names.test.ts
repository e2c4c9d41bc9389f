// [S18] What is deployed has the names of an author's functions and classes, and none of the library's (scripts/worker-bundle.mjs).
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readSources, SRC } from "./source.ts";

const script = fileURLToPath(new URL("../../../scripts/worker-bundle.mjs", import.meta.url).href);
const { libraryFiles } = (await import(script)) as { libraryFiles(): Promise<ReadonlySet<string>> };

/** Classes that are told apart by `instanceof` alone: nobody sees their names. */
const NAMELESS = ["FieldError", "HttpError"];

/** Classes of errors that are called only what a minifier calls them. */
function unnamedErrors(code: string): string[] {
  const classes = [...code.matchAll(/\bclass (\w+) extends \w*Error\b/g)].map(([, name = ""]) => name);
  return classes.filter(
    (name) => !new RegExp(`\\bname(?:: string)? = (?:new\\.target === ${name} \\? )?"${name}"`).test(code),
  );
}

describe("[S18] Names in what is deployed", () => {
  it("[S18.1] each folder of src is the library's or an author's, and the author's are these", async () => {
    const library = [...(await libraryFiles())].map((path) => relative(SRC, path));
    const unitOf = (path: string) => path.split("/")[0];
    const units = new Set(readSources().map(({ path }) => unitOf(path)));
    const reached = new Set(library.map(unitOf));
    expect([...units].filter((unit) => !reached.has(unit))).toEqual(["samples", "worker.ts"]);
  });

  it("[S18.2] the library's packages are its own too", async () => {
    const packages = [...(await libraryFiles())].map((path) => /node_modules\/([^/]+)/.exec(path)?.[1]);
    expect([...new Set(packages)].sort()).toEqual([
      "croner",
      "eventsource-parser",
      "itty-router",
      "valibot",
      undefined,
    ]);
  });

  it("[S18.3] an error of the library has its name in its text, since a minifier takes that of its class", () => {
    const unnamed = readSources()
      .filter(({ path }) => !path.startsWith("samples/"))
      .flatMap(({ code }) => unnamedErrors(code));
    expect(unnamed.sort()).toEqual(NAMELESS);
  });

  it("[S18.4] the check finds one without", () => {
    const named = 'class AError extends Error { override readonly name = "AError"; }';
    expect(unnamedErrors(`${named} class BError extends TypeError {}`)).toEqual(["BError"]);
  });
});
