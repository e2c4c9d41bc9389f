import { attributeFrom, keyProblem } from "../../model/search-attributes.ts";
import { type Comparison, type Condition, FilterError, type Operator } from "./condition.ts";
import { FIELD_NAMES, type Field, fieldOf } from "./fields.ts";
import { type Token, tokensOf, unexpected } from "./tokens.ts";
import { A_TIME, STATUS_NAMES, statusFrom, timeFrom } from "./values.ts";

/*
 * `q=`: the part of Temporal's list filter that is about one instance.
 *
 * ```
 * either   = both { OR both }
 * both     = one { AND one }
 * one      = "(" either ")" | field test
 * test     = ( = | != | < | <= | > | >= | STARTS_WITH | CONTAINS ) value
 *          | BETWEEN value AND value
 *          | IN "(" value { "," value } ")"
 * value    = 'text' | "text" | number | true | false | word
 * ```
 * Fields and words of the language are known in any case of letters.
 */

const MAX_DEPTH = 20;
const COMPARISONS: readonly string[] = ["=", "!=", "<", "<=", ">", ">="];
const RESERVED: readonly string[] = ["AND", "OR", "IN", "BETWEEN", "STARTS_WITH", "CONTAINS"];
const OPERATOR = "=, !=, <, <=, >, >=, STARTS_WITH, CONTAINS, BETWEEN or IN";

type Test = Operator | "in" | "between";

export function parseQuery(query: string): Condition {
  const parser = new Parser(tokensOf(query));
  const condition = parser.either(0);
  parser.end();
  return condition;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  either(depth: number): Condition {
    const parts = [this.#both(depth)];
    while (this.#take("OR")) parts.push(this.#both(depth));
    return { type: "or", parts };
  }

  end(): void {
    if (this.#token.type !== "end") throw unexpected(this.#token, "AND, OR or the end", ["AND", "OR"]);
  }

  #both(depth: number): Condition {
    const parts = [this.#one(depth)];
    while (this.#take("AND")) parts.push(this.#one(depth));
    return { type: "and", parts };
  }

  #one(depth: number): Condition {
    const { position } = this.#token;
    if (!this.#take("(")) return this.#test();
    if (depth === MAX_DEPTH)
      throw new FilterError(`q: at position ${position}, expected at most ${MAX_DEPTH} parentheses in each other`);
    const inner = this.either(depth + 1);
    this.#expect(")", "AND, OR or )");
    return inner;
  }

  #test(): Condition {
    const token = this.#next();
    const field = token.type === "word" || token.type === "text" ? fieldOf(token.text) : undefined;
    if (field === undefined) throw unexpected(token, `a field (${FIELD_NAMES.join(", ")})`, FIELD_NAMES);
    const problem = field.type === "attribute" ? keyProblem(field.key) : undefined;
    if (problem !== undefined) throw unexpected(token, `attr. and ${problem.replace(/^expected /, "")}`);
    const said = this.#token;
    const operator = this.#operator();
    if (operator === "in") return this.#in(field);
    if (operator === "between") return this.#between(field, said);
    return conditionOf(field, operator, this.#value());
  }

  #operator(): Test {
    const token = this.#next();
    const word = token.text.toUpperCase();
    if (token.type === "sign" && COMPARISONS.includes(word)) return word as Comparison;
    if (token.type !== "word") throw unexpected(token, OPERATOR);
    switch (word) {
      case "STARTS_WITH":
        return "startsWith";
      case "CONTAINS":
        return "contains";
      case "IN":
        return "in";
      case "BETWEEN":
        return "between";
      default:
        throw unexpected(token, OPERATOR, RESERVED);
    }
  }

  #in(field: Field): Condition {
    this.#expect("(", "(");
    const parts = [conditionOf(field, "=", this.#value())];
    while (this.#take(",")) parts.push(conditionOf(field, "=", this.#value()));
    this.#expect(")", ", or )");
    return { type: "or", parts };
  }

  #between(field: Field, said: Token): Condition {
    if (field.type === "status") throw unexpected(said, "=, != or IN for Status");
    if (field.type === "retrying") throw unexpected(said, "=, != or IN for Retrying");
    const from = conditionOf(field, ">=", this.#value());
    this.#expect("AND", "AND and the end of the range");
    return { type: "and", parts: [from, conditionOf(field, "<=", this.#value())] };
  }

  #value(): Token {
    const token = this.#next();
    const isWordOfLanguage = token.type === "word" && RESERVED.includes(token.text.toUpperCase());
    if (token.type === "sign" || token.type === "end" || isWordOfLanguage) throw unexpected(token, "a value");
    return token;
  }

  get #token(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #next(): Token {
    const token = this.#token;
    if (token.type !== "end") this.#at++;
    return token;
  }

  /** A word of the language or a sign; a text in quotes is neither. */
  #take(word: string): boolean {
    const { type, text } = this.#token;
    if ((type !== "word" && type !== "sign") || text.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }

  #expect(word: string, expected: string): void {
    if (!this.#take(word)) throw unexpected(this.#token, expected);
  }
}

function conditionOf(field: Field, operator: Operator, value: Token): Condition {
  switch (field.type) {
    case "status":
      return statusCondition(operator, value);
    case "retrying":
      return { type: "retrying", value: flag(value) === (onlyEquality(operator, value, "Retrying") === "=") };
    case "text":
      return { type: "text", field: field.field, operator, value: value.text };
    case "time":
      return { type: "time", field: field.field, operator: comparison(operator, value), ms: time(value) };
    case "attribute":
      return attributeCondition(field.key, operator, value);
    default:
      return field satisfies never;
  }
}

function statusCondition(operator: Operator, value: Token): Condition {
  const isEqual = onlyEquality(operator, value, "Status") === "=";
  const status = value.type === "number" ? undefined : statusFrom(value.text);
  if (status === undefined) throw unexpected(value, `a status (${STATUS_NAMES.join(", ")})`, STATUS_NAMES);
  return { type: "status", statuses: isEqual ? [status] : STATUS_NAMES.filter((other) => other !== status) };
}

/** Digits that are no number at a start, `007` or 20 of them, are none here. */
function attributeCondition(key: string, operator: Operator, value: Token): Condition {
  const isFlag = value.type === "word" && /^(true|false)$/i.test(value.text);
  if (isFlag) {
    return { type: "attribute", key, operator: onlyEquality(operator, value, "true and false"), value: flag(value) };
  }
  const found = value.type === "number" ? attributeFrom(value.text) : value.text;
  if (typeof found === "string") return { type: "attribute", key, operator, value: found };
  return { type: "attribute", key, operator: comparison(operator, value), value: found };
}

function onlyEquality(operator: Operator, value: Token, what: string): "=" | "!=" {
  if (operator === "=" || operator === "!=") return operator;
  throw new FilterError(
    `q: before position ${value.position}, expected =, != or IN for ${what}, found ${wordOf(operator)}`,
  );
}

function comparison(operator: Operator, value: Token): Comparison {
  if (operator !== "startsWith" && operator !== "contains") return operator;
  throw new FilterError(
    `q: before position ${value.position}, expected =, !=, <, <=, >, >=, BETWEEN or IN for times and numbers, found ${wordOf(operator)}`,
  );
}

function wordOf(operator: Operator): string {
  return operator === "startsWith" ? "STARTS_WITH" : operator.toUpperCase();
}

function flag(value: Token): boolean {
  const text = value.text.toLowerCase();
  if (value.type === "word" && (text === "true" || text === "false")) return text === "true";
  throw unexpected(value, "true or false");
}

function time(value: Token): number {
  const ms = timeFrom(value.text);
  if (ms === undefined) throw unexpected(value, A_TIME);
  return ms;
}
