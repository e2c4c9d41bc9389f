/*
 * JSON read without loss. `JSON.parse` makes 12345678901234567000 of 12345678901234567890, 1 of 1.0, and of members of one name only the last; who
 * looks at a payload wants what is stored.
 */

export type JsonNode = JsonLeaf | JsonBranch;

export interface JsonLeaf {
  readonly kind: "string" | "number" | "boolean" | "null";
  /** As it is written, a text with its quotes. */
  readonly source: string;
}

export interface JsonBranch {
  readonly kind: "list" | "fields";
  readonly children: readonly JsonChild[];
}

/** `name`: of a field. */
export interface JsonChild {
  readonly name: string | undefined;
  readonly node: JsonNode;
}

interface OpenBranch extends JsonBranch {
  readonly children: JsonChild[];
}

/** @returns nothing for a text that is no JSON. However deep it is: no level takes a frame of the stack. */
export function jsonTree(text: string): JsonNode | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const root: OpenBranch = { kind: "list", children: [] };
  const open = [root];
  let name: string | undefined;
  for (const token of tokensOf(text)) {
    const within = open.at(-1) ?? root;
    if (token === "," || token === ":") continue;
    if (token === "}" || token === "]") {
      open.pop();
    } else if (within.kind === "fields" && name === undefined) {
      name = JSON.parse(token);
    } else {
      const node: JsonLeaf | OpenBranch =
        token === "{" || token === "[" ? { kind: token === "{" ? "fields" : "list", children: [] } : leaf(token);
      within.children.push({ name, node });
      name = undefined;
      if ("children" in node) open.push(node);
    }
  }
  return root.children[0]?.node;
}

function leaf(source: string): JsonLeaf {
  const first = source[0];
  const kind =
    first === '"' ? "string" : first === "n" ? "null" : first === "t" || first === "f" ? "boolean" : "number";
  return { kind, source };
}

/** The same on many lines, each two spaces deeper than what it is in; nothing of it is lost. Throws at what is no JSON. */
export function formatJson(text: string): string {
  JSON.parse(text);
  const parts: string[] = [];
  let depth = 0;
  let before = "";
  const newLine = () => parts.push("\n", "  ".repeat(depth));
  for (const token of tokensOf(text)) {
    const isEnd = token === "}" || token === "]";
    const follows = before === "{" || before === "[";
    if (isEnd) depth--;
    if (isEnd ? !follows : follows || before === ",") newLine();
    parts.push(token === ":" ? ": " : token);
    if (token === "{" || token === "[") depth++;
    before = token;
  }
  return parts.join("");
}

/** Of a text that is JSON: marks, texts with their quotes, and words. */
function* tokensOf(text: string): Generator<string> {
  const mark = /[^\s]/g;
  const word = /[\s,\]}]|$/g;
  for (let at = 0; at < text.length; ) {
    mark.lastIndex = at;
    const begin = mark.exec(text)?.index;
    if (begin === undefined) return;
    const first = text[begin] ?? "";
    if ("{}[],:".includes(first)) at = begin + 1;
    else if (first === '"') at = endOfString(text, begin);
    else {
      word.lastIndex = begin;
      at = word.exec(text)?.index ?? text.length;
    }
    yield text.slice(begin, at);
  }
}

/** A quote behind an odd number of backslashes is a part of the text. */
function endOfString(text: string, begin: number): number {
  for (let quote = text.indexOf('"', begin + 1); ; quote = text.indexOf('"', quote + 1)) {
    let first = quote;
    while (text[first - 1] === "\\") first--;
    if ((quote - first) % 2 === 0) return quote + 1;
  }
}
