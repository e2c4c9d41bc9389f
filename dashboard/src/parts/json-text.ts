import { formatJson } from "./json-tree.ts";

export interface JsonProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** What is wrong with a text of JSON, and where; `undefined` for a good one, and for an empty one, which is no payload. */
export function checkJson(text: string): JsonProblem | undefined {
  if (text.trim() === "") return undefined;
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const at = positionIn(said, text);
    const before = text.slice(0, at).split("\n");
    const message = said.replace(/ in JSON at position \d+.*$| \(line \d+ column \d+\)$|, \.\.\..*$/s, "");
    return { line: before.length, column: (before.at(-1) ?? "").length + 1, message };
  }
}

const TEXT_OR_SPACE = /("(?:[^"\\]|\\.)*")|\s+/g;

/** The same without the space between its parts; what is no JSON stays as it is. */
export function compact(text: string): string {
  try {
    JSON.parse(text);
    return text.replace(TEXT_OR_SPACE, "$1");
  } catch {
    return text;
  }
}

/** JSON as it is read best, with all that it says. What is none stays as it is. */
export function readable(text: string): string {
  try {
    return formatJson(text);
  } catch {
    return text;
  }
}

/** Engines tell it in words: V8 and SpiderMonkey each in their own, JavaScriptCore not at all. */
function positionIn(said: string, text: string): number {
  const position = /at position (\d+)/.exec(said)?.[1];
  if (position !== undefined) return Number(position);
  const [, line, column] = /line (\d+) column (\d+)/.exec(said) ?? [];
  if (line !== undefined && column !== undefined) {
    const lines = text.split("\n").slice(0, Number(line) - 1);
    return lines.reduce((sum, one) => sum + one.length + 1, 0) + Number(column) - 1;
  }
  return firstWrong(text);
}

/** The shortest beginning that no text could complete: found by halving, since each longer one is wrong, too. */
function firstWrong(text: string): number {
  let [good, wrong] = [0, text.length];
  while (good < wrong) {
    const middle = (good + wrong) >> 1;
    if (mayGoOn(text.slice(0, middle + 1))) good = middle + 1;
    else wrong = middle;
  }
  return good;
}

function mayGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const said = String(error);
    const position = /at position (\d+)/.exec(said)?.[1];
    return position === undefined ? /end of|unterminated|EOF/i.test(said) : Number(position) >= beginning.length;
  }
}
