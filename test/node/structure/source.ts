// What the structure tests read of a source file.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const folder = (fromHere: string) => fileURLToPath(new URL(fromHere, import.meta.url).href);
export const SRC = folder("../../../src/");
const TESTS_OF_INSTANCE = folder("../instance/");

export interface Source {
  /** From `src/`, with forward slashes. */
  readonly path: string;
  /** The code without its comments. */
  readonly code: string;
  /** Files from `src/`, packages by their names. */
  readonly imports: readonly string[];
}

export function readSources(): Source[] {
  return readAll(SRC);
}

/** The tests of the instance, as if each lay in `src/instance` at the same place. */
export function readTestsOfInstance(): Source[] {
  return readAll(TESTS_OF_INSTANCE).map(({ path, code, imports }) => ({
    path: `instance/${path}`,
    code,
    imports: imports.map((imported) => imported.replace(/^(\.\.\/)+src\//, "")),
  }));
}

function readAll(root: string): Source[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .sort()
    .map((path) => parse(path, readFileSync(join(root, path), "utf8")));
}

/** The file as it is, with its comments. */
export function readText(path: string): string {
  return readFileSync(join(SRC, path), "utf8");
}

function parse(path: string, text: string): Source {
  const code = withoutComments(text);
  // `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")`, types among them.
  const specifiers = [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*(["'])([^"']+)\1/g)].map((match) => match[2] ?? "");
  const imports = specifiers.map((name) => (name.startsWith(".") ? normalize(join(dirname(path), name)) : name));
  return { path, code, imports };
}

/** Goes over strings, templates and regular expressions as a whole, so that `//` in them is not taken for a comment. */
function withoutComments(text: string): string {
  const token =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|(?<=[(,=:[!&|?{;]\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\//g;
  return text.replace(token, (found) => (found.startsWith("//") || found.startsWith("/*") ? " " : found));
}
