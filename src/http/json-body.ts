import * as v from "valibot";
import { didYouMean, listNames } from "../model/near-name.ts";
import { parseJsonObject, readBody } from "./body.ts";
import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { bodyMalformed, type HttpError } from "./errors.ts";

/*
 * Bodies beyond Dapr, by their schemas, which the OpenAPI document has too. Dapr's own are read by hand in `body.ts`: they take what Dapr takes.
 */

/**
 * The body as the schema has it; where there is none, it is read as `{}`. Make the schema with `v.strictObject`, so that a field that is
 * misspelt is refused. What is wrong first is told: where it stands, what was expected and what was found. A schema's own message ends the
 * sentence "FIELD …".
 */
export async function readJsonBody<S extends v.GenericSchema>(
  call: Call,
  deps: Pick<HttpDeps, "maxBodyBytes">,
  schema: S,
): Promise<v.InferOutput<S>> {
  const text = await readBody(call.request, deps.maxBodyBytes);
  const body = text === "" ? {} : parseJsonObject(text);
  const known = "entries" in schema ? Object.keys(schema.entries as object) : undefined;
  // Before what is missing, which may be what was misspelt.
  const unknown = known && Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined) throw unknownField(unknown, unknown, known);
  const read = v.safeParse(schema, body, { abortEarly: true, abortPipeEarly: true, message: problem });
  if (read.success) {
    // To valibot a list is an object, too. As a filter it would be one without conditions.
    const list = Object.entries(body).find(([name, value]) => Array.isArray(value) && !isList(read.output, name));
    if (list === undefined) return read.output;
    throw bodyMalformed(`${list[0]} is an object, found a list`);
  }
  const [issue] = read.issues;
  if (issue.type === "strict_object" && issue.expected === "never")
    throw unknownField(String(issue.input), placeOf(issue));
  throw bodyMalformed(`${placeOf(issue)} ${issue.message}`);
}

function isList(output: unknown, name: string): boolean {
  return Array.isArray((output as Readonly<Record<string, unknown>>)[name]);
}

type Issue = v.BaseIssue<unknown>;

const MAX_SHOWN = 60;
/** How valibot calls what it expects. */
const WORDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  boolean: "true or false",
  Array: "a list",
  Object: "an object",
};

/** What is wrong where a schema has no message of its own. */
function problem({ type, expected, received, input, requirement }: Issue): string {
  if (type === "max_length" || type === "min_length") {
    const unit = typeof input === "string" ? "characters" : "items";
    return `has at ${type === "max_length" ? "most" : "least"} ${requirement} ${unit}, found ${received}`;
  }
  const bound = type === "min_value" ? "at least" : type === "max_value" ? "at most" : undefined;
  if (bound !== undefined) return `is ${bound} ${requirement}, found ${received}`;
  if (type === "integer") return `is a whole number, found ${received}`;
  const found =
    input === undefined ? "nothing" : Array.isArray(input) ? "a list" : (WORDS[received] ?? short(received));
  return `is ${expectation(type, expected)}, found ${found}`;
}

function expectation(type: string, expected: string | null): string {
  if (type === "strict_object" && expected !== "Object") return "expected";
  return WORDS[expected ?? ""] ?? (expected ?? "something else").replace(/^\((.*)\)$/, "$1").replaceAll(" | ", " or ");
}

function unknownField(name: string, place: string, known: readonly string[] = []): HttpError {
  const fields = known.length === 0 ? "" : ` Known: ${listNames(known)}`;
  return bodyMalformed(`unknown field ${short(place)}${didYouMean(name, known) || "."}${fields}`);
}

/** `instanceIDs[3]`, `filter.status`. */
function placeOf({ path }: Issue): string {
  if (path === undefined) return "the body";
  return path.reduce((before, { key }) => {
    if (typeof key === "number") return `${before}[${key}]`;
    return before === "" ? String(key) : `${before}.${key}`;
  }, "");
}

function short(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN).toWellFormed()}…` : text;
}
