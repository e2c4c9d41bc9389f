import { didYouMean } from "../../model/near-name.ts";
import { FilterError } from "./condition.ts";

/*
 * `q=`, cut into words, texts, numbers and signs.
 */

export interface Token {
  readonly type: "word" | "text" | "number" | "sign" | "end";
  /** Of a text without its quotes. */
  readonly text: string;
  /** In characters, from 1. */
  readonly position: number;
}

export const MAX_LENGTH = 4_096;
const SIGNS = ["!=", "<=", ">=", "=", "<", ">", "(", ")", ","];
const WORD = /[\p{L}\p{N}_][\p{L}\p{N}_.:+-]*/uy;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\p{L}\p{N}_.:-])/uy;
/** A quote inside is written twice. */
const TEXT = /'((?:[^']|'')*)'|"((?:[^"]|"")*)"/y;

export function tokensOf(query: string): Token[] {
  if (query.length > MAX_LENGTH)
    throw new FilterError(`q: expected at most ${MAX_LENGTH} characters, found ${query.length}`);
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const space = match(/\s+/y, query, at);
    if (space === undefined) {
      const token = tokenAt(query, at);
      tokens.push(token.token);
      at = token.end;
    } else at += space[0].length;
  }
  return [...tokens, { type: "end", text: "", position: query.length + 1 }];
}

function tokenAt(query: string, at: number): { token: Token; end: number } {
  const position = at + 1;
  const text = match(TEXT, query, at);
  if (text !== undefined) {
    const inner = text[1]?.replaceAll("''", "'") ?? text[2]?.replaceAll('""', '"') ?? "";
    return { token: { type: "text", text: inner, position }, end: at + text[0].length };
  }
  const number = match(NUMBER, query, at)?.[0];
  if (number !== undefined) return { token: { type: "number", text: number, position }, end: at + number.length };
  const word = match(WORD, query, at)?.[0];
  if (word !== undefined) return { token: { type: "word", text: word, position }, end: at + word.length };
  const sign = SIGNS.find((candidate) => query.startsWith(candidate, at));
  if (sign !== undefined) return { token: { type: "sign", text: sign, position }, end: at + sign.length };
  throw new FilterError(problemAt(query, at));
}

function match(pattern: RegExp, query: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(query) ?? undefined;
}

function problemAt(query: string, at: number): string {
  const found = String.fromCodePoint(query.codePointAt(at) ?? 0);
  if (found === "'" || found === '"')
    return `q: at position ${at + 1}, expected a text that ends with ${found}, found no such end`;
  return `q: at position ${at + 1}, expected a field, an operator or a value, found ${quoted(query.slice(at, at + 20))}`;
}

/** The error of a token that does not fit. */
export function unexpected(token: Token, expected: string, known?: readonly string[]): FilterError {
  const found = token.type === "end" ? "the end" : quoted(token.text);
  const near = known === undefined ? "" : didYouMean(token.text, known);
  return new FilterError(`q: at position ${token.position}, expected ${expected}, found ${found}${near}`);
}

export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
