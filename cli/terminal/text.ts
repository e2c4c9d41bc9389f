/*
 * Texts that come from workflows, and from whoever calls them, hold anything. A terminal obeys what it is sent, so what it would obey is
 * shown in place of sent.
 */

/** Control characters, and those that turn the order of what is read around. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** On one line, with every control character written out. */
export function oneLine(text: string): string {
  return text.replace(UNSAFE, (found) => SHORT[found] ?? escaped(found));
}

/** JSON escapes what is below a space; the rest means the same when it is escaped. For JSON text alone: line breaks stay. */
export function safeJson(json: string): string {
  return json.replace(UNSAFE, (found) => (found === "\n" ? found : escaped(found)));
}

/** Several lines of a text that somebody else has written. */
export function safeLines(text: string): string {
  return text.split("\n").map(oneLine).join("\n");
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** How many columns of a terminal the text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

function widthOfCharacter(character: string): number {
  if (character < "\u0300") return 1;
  if (/\p{Mark}|\p{Format}/u.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** At most so wide, an ellipsis at its end where something is missing. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let taken = "";
  let left = width - 1;
  for (const character of text) {
    left -= widthOfCharacter(character);
    if (left < 0) break;
    taken += character;
  }
  return `${taken}…`;
}
