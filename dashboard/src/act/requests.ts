import { at } from "../app/api.ts";
import { compact } from "../parts/json-text.ts";
import type { ApiRequest } from "./shell.ts";

/*
 * What each action asks of the API, and the same as a command of the command line: pure, so that what a dialog sends is what it shows.
 *
 * Payloads are texts of JSON as the reader has written them, and go as they are but for the space between their parts: read and written anew, a number of
 * many digits would be another one.
 */

/** Something to ask for, in both forms. */
export interface Asked {
  readonly request: ApiRequest;
  /** The words behind `npx edge-workflows`, the first of which is the verb; `undefined` where the command line has none for it. */
  readonly command?: readonly string[] | undefined;
}

interface OfInstance {
  readonly id: string;
  readonly reason?: string | undefined;
}

export type Simple = "pause" | "resume" | "cancel" | "rewind" | "restart";

/** As the command line has them, where they have another name there. */
const VERBS: Readonly<Record<Simple, string>> = {
  pause: "suspend",
  resume: "resume",
  cancel: "cancel",
  rewind: "rewind",
  restart: "restart",
};

/** `requestID` makes a request that is sent twice count once. */
export function simple(
  kind: Simple,
  { id, reason, requestID }: OfInstance & { requestID?: string | undefined },
): Asked {
  return {
    request: post(at.workflows(id, kind), { requestID, reason: reason || undefined }),
    command: forInstance(VERBS[kind], id, withReason(reason)),
  };
}

export interface Terminate extends OfInstance {
  readonly output?: string | undefined;
  readonly nonRecursive?: boolean | undefined;
}

export function terminate({ id, reason, nonRecursive, ...given }: Terminate): Asked {
  const output = payload(given.output);
  const query = { nonRecursive: nonRecursive || undefined, reason: reason || undefined };
  return {
    request: post(at.workflows(id, "terminate"), query, objectOf({ output })),
    command: forInstance("terminate", id, [
      ...option("--output", output),
      ...flag("--non-recursive", nonRecursive),
      ...withReason(reason),
    ]),
  };
}

export interface Purge extends OfInstance {
  readonly force?: boolean | undefined;
  readonly nonRecursive?: boolean | undefined;
}

export function purge({ id, reason, force, nonRecursive }: Purge): Asked {
  return {
    request: post(at.workflows(id, "purge"), {
      force: force || undefined,
      nonRecursive: nonRecursive || undefined,
      reason: reason || undefined,
    }),
    command: forInstance("purge", id, [
      ...flag("--force", force),
      ...flag("--non-recursive", nonRecursive),
      ...withReason(reason),
    ]),
  };
}

export interface Raise extends OfInstance {
  readonly event: string;
  readonly payload?: string | undefined;
}

export function raise({ id, event, reason, ...given }: Raise): Asked {
  const body = payload(given.payload);
  const query = { reason: reason || undefined };
  return {
    request: { ...post(at.workflows(id, "raiseEvent", event), query), body },
    command: forInstance("raise-event", id, [
      ...option("--event", event),
      ...option("--input", body),
      ...withReason(reason),
    ]),
  };
}

export interface Rerun extends OfInstance {
  /** The call that is made again; absent: all is done again. */
  readonly eventID?: number | undefined;
  readonly newInstanceID?: string | undefined;
  /** In place of that of the call, or of the workflow. */
  readonly input?: string | undefined;
  readonly requestID?: string | undefined;
}

export function rerun({ id, eventID, newInstanceID, reason, requestID, ...given }: Rerun): Asked {
  const input = payload(given.input);
  const body = objectOf({
    eventID: eventID === undefined ? undefined : String(eventID),
    newInstanceID: newInstanceID ? JSON.stringify(newInstanceID) : undefined,
    input,
  });
  return {
    request: post(at.workflows(id, "rerun"), { requestID, reason: reason || undefined }, body),
    command: forInstance("rerun", id, [
      ...option("--event-id", eventID?.toString()),
      ...option("--new-instance-id", newInstanceID),
      ...option("--input", input),
      ...withReason(reason),
    ]),
  };
}

export function changeVersion({ id, version, reason }: OfInstance & { version: string }): Asked {
  const body = JSON.stringify({ version });
  return {
    request: post(at.workflows(id, "version"), { reason: reason || undefined }, body),
    command: forInstance("version", id, [...option("--to", version), ...withReason(reason)]),
  };
}

export interface Interaction extends OfInstance {
  readonly name: string;
  readonly input?: string | undefined;
}

export function query({ id, name, input }: Interaction): Asked {
  return { request: { method: "GET", path: at.workflows(id, "query", name), query: { input: payload(input) } } };
}

/** `updateID` makes an update that is sent twice count once. */
export function update({ id, name, input, reason, updateID }: Interaction & { updateID?: string | undefined }): Asked {
  const asked = { updateID, reason: reason || undefined };
  return { request: { ...post(at.workflows(id, "update", name), asked), body: payload(input) } };
}

export interface Start {
  readonly name: string;
  readonly id?: string | undefined;
  readonly input?: string | undefined;
  /** RFC 3339. */
  readonly startTime?: string | undefined;
  readonly retention?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  readonly reason?: string | undefined;
}

export function start({ name, id, startTime, retention, attributes = {}, reason, ...given }: Start): Asked {
  const input = payload(given.input);
  const attrs = Object.entries(attributes);
  const query = {
    instanceID: id || undefined,
    startTime: startTime || undefined,
    retention: retention || undefined,
    ...Object.fromEntries(attrs.map(([key, value]) => [`attr.${key}`, value])),
    reason: reason || undefined,
  };
  const options = [
    ...option("--instance-id", id),
    ...option("--input", input),
    ...option("--start-time", startTime),
    ...option("--retention", retention),
    ...attrs.flatMap(([key, value]) => option("--attr", `${key}=${value}`)),
    ...withReason(reason),
  ];
  return {
    request: { ...post(at.workflows(name, "start"), query), body: input },
    command: ["run", ...options, ...operands(name)],
  };
}

export function cancelJob({ id, reason }: OfInstance): Asked {
  return {
    request: post(at.jobs(id, "cancel"), { reason: reason || undefined }),
    command: ["bulk cancel", ...withReason(reason), ...operands(id)],
  };
}

export function rebuild({ ids, reason }: { ids: readonly string[]; reason?: string | undefined }): Asked {
  const body = JSON.stringify({ instanceIDs: ids, ...(reason && { reason }) });
  return {
    request: post(at.catalog("rebuild"), {}, body),
    command: ["catalog rebuild", ...withReason(reason), ...operands(...ids)],
  };
}

export function post(path: string, query: ApiRequest["query"] = {}, body?: string): ApiRequest {
  return { method: "POST", path, query, body };
}

/** `undefined`: there is none. */
export function payload(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : compact(text);
}

/** A JSON object whose members are texts of JSON already; `undefined` where it would have none. */
export function objectOf(members: Readonly<Record<string, string | undefined>>): string | undefined {
  const given = Object.entries(members).filter(([, text]) => text !== undefined);
  if (given.length === 0) return undefined;
  return `{${given.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

/** One word where the value could be read as a flag of its own. */
export function option(name: string, value: string | undefined): string[] {
  if (value === undefined || value === "") return [];
  return value.startsWith("-") ? [`${name}=${value}`] : [name, value];
}

export function flag(name: string, isSet: boolean | undefined): string[] {
  return isSet === true ? [name] : [];
}

export function withReason(reason: string | undefined): string[] {
  return option("--reason", reason);
}

/** Behind `--`, where one of them could be read as a flag. */
export function operands(...words: readonly string[]): string[] {
  return words.some((word) => word.startsWith("-")) ? ["--", ...words] : [...words];
}

/** To the command line, `latest` is the newest of all, and so no name of one. */
function forInstance(verb: string, id: string, options: readonly string[]): string[] | undefined {
  return id === "latest" ? undefined : [verb, ...options, ...operands(id)];
}
