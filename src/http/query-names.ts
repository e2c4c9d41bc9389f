import { nearName } from "../model/near-name.ts";
import type { Call } from "./call.ts";
import { malformed } from "./errors.ts";
import { familyOf } from "./parameters.ts";

/** So many names are told, the rest is counted. */
const MOST_TOLD = 5;
const MAX_NAME = 64;

/** The first name in the query that the route does not know. */
export function refuseUnknownNames(call: Call, known: readonly string[]): void {
  for (const name of call.searchParams.keys())
    if (!isKnown(name, known))
      throw malformed(`${describe(name, known)}${known.length === 0 ? "" : `. Known: ${known.join(", ")}`}`);
}

function isKnown(name: string, known: readonly string[]): boolean {
  return known.includes(name) || known.some((one) => isOfFamily(name, familyOf(one)));
}

/**
 * Notes the names in the query that the route does not know. Dapr ignores them, and so they are ignored here; but one that was
 * misspelt does something else than its sender means (`?instanceId=` starts an instance with another ID), so the answer
 * and the log say so. Values are never told.
 */
export function noteUnknownNames(call: Call, known: readonly string[]): void {
  let unknown: Set<string> | undefined;
  for (const name of call.searchParams.keys()) {
    if (isKnown(name, known)) continue;
    unknown ??= new Set();
    unknown.add(name);
  }
  if (unknown === undefined) return;
  const names = [...unknown];
  const warnings = names.slice(0, MOST_TOLD).map((name) => describe(name, known));
  if (names.length > MOST_TOLD) warnings.push(`and ${names.length - MOST_TOLD} more unknown query parameters`);
  call.warnings = warnings;
}

function isOfFamily(name: string, family: string | undefined): boolean {
  return family !== undefined && name.startsWith(family);
}

function describe(name: string, known: readonly string[]): string {
  const near = nearName(name, known);
  return `unknown query parameter ${shown(name)}${near === undefined ? "" : `, did you mean ${near}`}`;
}

/** As it is written in a URL: what is left needs no escape in a header, whatever the name is. */
function shown(name: string): string {
  const begin = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME).toWellFormed()}...` : name;
  return encodeURIComponent(begin);
}

/** RFC 9111's predecessor has the form: code 299 is for what has no other, and `-` stands for the one who warns. */
export function warningHeader(warnings: readonly string[]): string {
  return warnings.map((text) => `299 - "${text}"`).join(", ");
}
