// Every options object, and every optional argument, that an author or a caller hands in passes through here: `null` means
// left out, an unknown name is refused and the near one told, and a wrong value is told with the call and the path it has.
import { listNames, nearName } from "./near-name.ts";

/** Options as a caller gives them: each may be left out, as `undefined` or `null` too. */
export type Given<T> = { readonly [Name in keyof T]?: T[Name] | null | undefined };

/** What an option may be. Made once, at module level; the ready-made ones are below. */
export interface OptionRule {
  /** As in "timeout is a number of seconds above 0": all after "is". */
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
  readonly error: typeof TypeError | typeof RangeError;
  /** What an object that fits holds in its turn. */
  readonly inner?: OptionsOf<object> | undefined;
  /** Left out, it is an error. */
  readonly isRequired?: boolean;
  /** Is never shown. */
  readonly isSecret?: boolean;
}

/** The options that one call knows. */
export interface OptionsOf<_T extends object> {
  readonly names: readonly string[];
  readonly rules: Readonly<Record<string, OptionRule>>;
}

/**
 * Describes the options of a call. The compiler asks for a rule for each member of the interface.
 *
 *     const purgeOptions = optionsOf<PurgeOptions>({ force: aBoolean, reason: aString });
 *     const { force = false, reason } = readOptions(purgeOptions, options, "purgeWorkflow");
 */
export function optionsOf<T extends object>(rules: { readonly [Name in keyof Required<T>]: OptionRule }): OptionsOf<T> {
  return { names: Object.keys(rules), rules: rules as OptionsOf<T>["rules"] };
}

const nothing = Object.freeze({});

/**
 * The options as they are to be used: those given, or without what is `null`; nothing when none are given. `call` and `subject` stand in the
 * errors: `callActivity 'charge': …`. Throws a TypeError or RangeError.
 */
export function readOptions<T extends object>(
  known: OptionsOf<T>,
  given: T | null | undefined,
  call: string,
  subject?: string,
): Partial<T> {
  if (given === undefined || given === null) return nothing as Partial<T>;
  const read = readObject(known, given, call, subject, "");
  // What is inherited stays there when the caller spreads them.
  return (Object.getPrototypeOf(read) === Object.prototype ? read : copied(read, known)) as Partial<T>;
}

/** The same for one argument: `undefined` when it is left out, or `null`, and its rule does not require it. */
export function readArgument<T>(
  rule: OptionRule,
  value: T | null | undefined,
  name: string,
  call: string,
  subject?: string,
): T | undefined {
  if (value === undefined || value === null) {
    if (rule.isRequired) throw wrong(rule, name, value, call, subject);
    return undefined;
  }
  if (!rule.fits(value)) throw wrong(rule, name, value, call, subject);
  return value;
}

function readObject(
  known: OptionsOf<object>,
  given: object,
  call: string,
  subject: string | undefined,
  path: string,
): object {
  if (typeof given !== "object" || Array.isArray(given))
    throw noOptions("an object", known, given, call, subject, path);
  let isEmpty = true;
  for (const name in given) {
    if (isEmpty && hasNone(known, given)) break;
    isEmpty = false;
    // Inherited options are read too; what somebody has added to all objects is none.
    if (!Object.hasOwn(known.rules, name) && (Object.hasOwn(given, name) || !(name in Object.prototype)))
      throw unknown(name, known, call, subject, path);
  }
  let read: Record<string, unknown> | undefined;
  for (const name of known.names) {
    const rule = known.rules[name] as OptionRule;
    const value = (given as Record<string, unknown>)[name];
    if (value === undefined || value === null) {
      if (rule.isRequired) throw wrong(rule, path + name, value, call, subject);
      if (value === null) read ??= copied(given, known);
      continue;
    }
    isEmpty = false;
    if (!rule.fits(value)) throw wrong(rule, path + name, value, call, subject);
    if (rule.inner === undefined || typeof value !== "object") continue;
    const inner = readObject(rule.inner, value, call, subject, `${path}${name}.`);
    if (inner !== value) read = copied(read ?? given, known, name, inner);
  }
  if (isEmpty && hasNone(known, given)) throw noOptions("a plain object", known, given, call, subject, path);
  return read ?? given;
}

/** A copy with all that can be read, in which what is left out is not there at all. A spread would lose what is inherited. */
function copied(
  from: object,
  { names }: OptionsOf<object>,
  changed?: string,
  value?: unknown,
): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name of names) {
    const found = name === changed ? value : (from as Record<string, unknown>)[name];
    if (found !== undefined && found !== null) copy[name] = found;
  }
  return copy;
}

/** A date, a map, a promise or a task has no options in it, and would be read as an object without any. */
function isOfClass(given: object): boolean {
  const made: unknown = given.constructor;
  return typeof made === "function" && made.name !== "Object";
}

/** What an object of a class has of its own are no misspelt options, where there is none beside them. */
function hasNone({ names }: OptionsOf<object>, given: object): boolean {
  return isOfClass(given) && !names.some((name) => name in given);
}

function noOptions(
  expected: string,
  { names }: OptionsOf<object>,
  given: unknown,
  call: string,
  subject: string | undefined,
  path: string,
): TypeError {
  const where = path === "" ? "options are" : `${path.slice(0, -1)} is`;
  return new TypeError(`${at(call, subject)}: ${where} ${expected}, found ${shown(given)}. Known: ${listNames(names)}`);
}

function at(call: string, subject: string | undefined): string {
  return subject === undefined ? call : `${call} '${subject}'`;
}

function wrong(rule: OptionRule, path: string, value: unknown, call: string, subject: string | undefined): Error {
  const found = rule.isSecret ? `${typeof value === "object" ? "an" : "a"} ${typeof value}` : shown(value);
  return new rule.error(`${at(call, subject)}: ${path} is ${rule.expected}, found ${found}`);
}

/** What other libraries call these things, in lower case. What differs in a few letters, or in its end alone, is found without. */
const FOREIGN = new Map<string, readonly string[]>(
  Object.entries({
    maxattempts: ["maxNumberOfAttempts"],
    maximumattempts: ["maxNumberOfAttempts"],
    maxretries: ["maxNumberOfAttempts"],
    attempts: ["maxNumberOfAttempts"],
    limit: ["maxNumberOfAttempts"],
    retries: ["retry", "maxNumberOfAttempts"],
    initialinterval: ["firstRetryInterval"],
    initialretryinterval: ["firstRetryInterval"],
    delay: ["firstRetryInterval"],
    interval: ["firstRetryInterval"],
    mintimeout: ["firstRetryInterval"],
    backoff: ["backoffCoefficient"],
    factor: ["backoffCoefficient"],
    maximuminterval: ["maxRetryInterval"],
    maxinterval: ["maxRetryInterval"],
    maxdelay: ["maxRetryInterval"],
    starttoclosetimeout: ["timeout"],
    scheduletoclosetimeout: ["totalTimeout"],
    workflowruntimeout: ["timeout"],
    id: ["instanceId", "updateId"],
    workflowid: ["instanceId"],
    starttime: ["startAt"],
    scheduledstarttime: ["startAt"],
    recursive: ["nonRecursive"],
  }),
);

function unknown(
  name: string,
  known: OptionsOf<object>,
  call: string,
  subject: string | undefined,
  path: string,
): TypeError {
  const meant = probably(name, known);
  const hint = meant === undefined ? "." : `, did you mean ${meant}?`;
  return new TypeError(`unknown option ${path}${name} of ${at(call, subject)}${hint} Known: ${listNames(known.names)}`);
}

/** The option that was meant: one of these, or one of the options within them. */
function probably(name: string, { names, rules }: OptionsOf<object>): string | undefined {
  const bare = name.replace(/(_?In)?_?(Milli)?(second)?s?$|_?ms$/i, "");
  const foreign = FOREIGN.get(name.toLowerCase()) ?? FOREIGN.get(bare.toLowerCase()) ?? [];
  const near = foreign.find((other) => names.includes(other)) ?? nearName(name, names) ?? nearName(bare, names);
  if (near !== undefined) {
    const inSeconds = /m(illi)?s(econds)?$/i.test(name) && rules[near]?.expected.includes("seconds");
    return inSeconds ? `${near}, in seconds` : near;
  }
  for (const outer of names) {
    const within = rules[outer]?.inner?.names.find((other) => other === name || foreign.includes(other));
    if (within !== undefined) return `${outer}.${within}`;
  }
  return undefined;
}

/** The rule of a value whose type is the question: a wrong one is a TypeError. */
export function typeRule(expected: string, fits: (value: unknown) => boolean): OptionRule {
  return { expected, fits, error: TypeError };
}

/** The rule of a value with limits: a wrong one is a RangeError. */
export function rangeRule(expected: string, fits: (value: unknown) => boolean): OptionRule {
  return { expected, fits, error: RangeError };
}

export function aNumber(expected: string, fits: (value: number) => boolean): OptionRule {
  return rangeRule(expected, (value) => typeof value === "number" && fits(value));
}

export function oneOf(...values: readonly string[]): OptionRule {
  const expected = values.map((value) => JSON.stringify(value)).join(" or ");
  return rangeRule(expected, (value) => values.includes(value as string));
}

/** An object with options of its own; `other` is what may stand in its place. */
export function anObject<T extends object>(
  inner: OptionsOf<T>,
  expected = "an object",
  other?: OptionRule,
): OptionRule {
  const fits = (value: unknown) => isPlainObject(value) || other?.fits(value) === true;
  return { expected, fits, error: TypeError, inner };
}

export function required(rule: OptionRule): OptionRule {
  return { ...rule, isRequired: true };
}

export function secret(rule: OptionRule): OptionRule {
  return { ...rule, isSecret: true };
}

export const anything: OptionRule = typeRule("anything", () => true);
export const aBoolean: OptionRule = typeRule("true or false", (value) => typeof value === "boolean");
export const aString: OptionRule = typeRule("a string", (value) => typeof value === "string");
export const aFunction: OptionRule = typeRule("a function", (value) => typeof value === "function");
export const aDate: OptionRule = rangeRule("a Date that is valid", (value) => Number.isFinite(timeOf(value)));
export const secondsAboveZero: OptionRule = aNumber(
  "a number of seconds above 0",
  (value) => value > 0 && Number.isFinite(value),
);
export const secondsFromZero: OptionRule = aNumber("a number of seconds from 0", (value) => value >= 0);

/** That of a Date, also of one of another realm; `undefined` for anything else. */
function timeOf(value: unknown): number | undefined {
  try {
    return Date.prototype.getTime.call(value);
  } catch {
    return undefined;
  }
}

function isPlainObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** How an object that has it is shown in errors. */
export const SHOWN = Symbol("shown");

/** A value in a message: as JSON where it has some that says something, and never long. Never throws. */
export function shown(value: unknown): string {
  if (typeof value === "object" && value !== null && SHOWN in value) return String(value[SHOWN]);
  if (typeof value === "number" || value === undefined) return String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return value.name ? `the function ${value.name}` : "a function";
  if (typeof value === "symbol") return "a symbol";
  try {
    if (Number.isNaN(timeOf(value))) return "an invalid Date";
    if (value instanceof String) return "an object of class String";
    const name = typeof value === "object" ? value?.constructor?.name : undefined;
    if (typeof value === "object" && value !== null && name !== "Object" && Object.keys(value).length === 0) {
      if (!Array.isArray(value) && !("toJSON" in value)) return `an object of class ${String(name)}`;
    }
    const text = JSON.stringify(value);
    return text.length > 200 ? `${text.slice(0, 200).toWellFormed()}…` : text;
  } catch {
    return "an object that is no JSON";
  }
}
