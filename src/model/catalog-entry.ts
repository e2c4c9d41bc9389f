import { attributesProblem, type SearchAttributes } from "./search-attributes.ts";
import { isStatus, type RuntimeStatus } from "./status.ts";
import { areTotals, type Totals } from "./totals.ts";

/*
 * What an instance tells the catalog of itself, and what it is answered. Instances, the catalog and the HTTP API share these words;
 * old and new code talk to each other during a deploy, so fields are only ever added, and added as optional ones.
 */

/** One instance, as a list shows it. No payload is ever in it. */
export interface CatalogEntry {
  readonly instanceId: string;
  /** Of this life: an ID that is used anew has another one. */
  readonly createdAtMs: number;
  readonly workflowName: string;
  readonly status: RuntimeStatus;
  readonly updatedAtMs: number;
  readonly endedAtMs?: number | undefined;
  readonly version?: string | undefined;
  readonly parentInstanceId?: string | undefined;
  readonly customStatus?: string | undefined;
  /** Where payloads are encrypted, without the message. */
  readonly failure?: { readonly errorType: string; readonly message?: string | undefined } | undefined;
  readonly searchAttributes?: SearchAttributes | undefined;
  /** `event:NAME`, `timer:TIME`, `activity:NAME`, `child:ID`, `condition`, `limit:NAME`, `start:TIME`. */
  readonly waitingFor?: string | undefined;
  /** An activity has failed and will be tried again. */
  readonly retrying?: boolean | undefined;
  /** How long after its end it is kept, where it has a say of its own in that. */
  readonly retentionMs?: number | undefined;
  /** What it adds to the metrics of all, where metrics are switched on. No list shows it. */
  readonly totals?: Totals | undefined;
}

/** The instance as it is at `seq`. */
export interface Announcement {
  readonly entry: CatalogEntry;
  /** Never falls back for an ID, over its lives too: `max(now in µs, last + 1)`. */
  readonly seq: number;
  /** The life before this one, under the same ID: its row goes. Where it lies in another shard, that one is told to forget it. */
  readonly former?: { readonly createdAtMs: number; readonly shard: string } | undefined;
}

/** One life of an ID. */
export interface LifeKey {
  readonly instanceId: string;
  readonly createdAtMs: number;
}

/**
 * In µs: how far the clocks of two machines may be apart. The number of a departure is later by this, since an announcement that an
 * object has sent before it was lost may still be on its way, and the next one may be on a machine whose clock is behind.
 */
export const MOST_SKEW = 60_000_000;

/** Of a life that is about to be wiped, or is no more. `seq` is newer than everything that has been announced of it. */
export interface Departure extends LifeKey {
  readonly seq: number;
  /** Where metrics are switched on: what the life has come to. */
  readonly counted?: { readonly workflowName: string; readonly totals: Totals } | undefined;
}

/** What a shard has of a life: its entry, or that it is leaving or gone. */
export type HeldEntry = { readonly seq: number } & ({ readonly entry: CatalogEntry } | { readonly gone: true });

export type Announced =
  /** It is on disk once the caller has this answer. So is one that comes a second time. */
  | { readonly ok: true }
  /** The shard knows something newer, and has written nothing. */
  | { readonly ok: false; readonly code: "STALE"; readonly held: HeldEntry }
  /** It will never be taken as it is. */
  | { readonly ok: false; readonly code: "INVALID"; readonly message: string };

/** What a shard of the catalog can be told by instances. Each call may come late, twice or in another order. */
export interface CatalogShard {
  announce(announcement: Announcement): Promise<Announced>;
  /** Before the wipe of a purge: the row is not listed any more, and the instance is asked within a minute whether it has gone. */
  leave(departure: Departure): Promise<Announced>;
  /** The life is no more; what comes of it within the next hour is refused. */
  forget(departure: Departure): Promise<Announced>;
}

/** What an instance answers when the catalog asks. */
export type Presence =
  /** `shard`: where it announces itself. */
  | { readonly type: "present"; readonly entry: CatalogEntry; readonly seq: number; readonly shard: string }
  /** A purge is under way: it marks the row, wipes, and is asked again. */
  | { readonly type: "leaving" }
  | { readonly type: "absent" };

/** What the catalog asks of instances. */
export interface CatalogSource {
  presence(): Promise<Presence>;
  /** Retention: purges this life, not its children, if it has ended and `seq` is still its number. Answers what is there then. */
  expire(life: Departure): Promise<Presence>;
}

/** In characters; what is longer is cut before it is announced. */
export const MAX_TEXT_LENGTH = 256;
/** Of all texts of an entry together, in UTF-8; IDs and names are not theirs. */
export const MAX_TEXTS_BYTES = 1_024;
/** Cloudflare's limit for the name of an object, and with it for an ID. */
const MAX_ID_BYTES = 1_024;
const MAX_NAME_BYTES = 1_024;

const MARK = "…";
const encoder = new TextEncoder();

/** In the order in which they are given up when all together are too long: what comes last says most. */
const TEXTS = ["failureMessage", "customStatus", "version", "waitingFor", "errorType"] as const;
type Texts = Record<(typeof TEXTS)[number], string | undefined>;

/** The entry as it may be announced: long texts are cut, and those that matter least go where all together are too long. */
export function fitEntry(entry: CatalogEntry): CatalogEntry {
  const texts = textsOf(entry);
  for (const name of TEXTS) {
    const text = texts[name];
    if (text !== undefined) texts[name] = cutText(text);
  }
  for (const name of TEXTS) {
    const excess = bytesOfAll(texts) - MAX_TEXTS_BYTES;
    if (excess > 0) texts[name] = cutBytes(texts[name], excess);
  }
  const { failureMessage: message, errorType, ...others } = texts;
  const failure = entry.failure && { errorType: errorType ?? "", ...(message !== undefined && { message }) };
  return { ...entry, ...others, failure };
}

/** Why a shard does not take it, or `undefined`. */
export function announcementProblem({ entry, seq, former }: Announcement): string | undefined {
  const problem = departureProblem({ ...entry, seq });
  if (problem !== undefined) return problem;
  if (!isStatus(entry.status)) return expected("status", "the name of a status", entry.status);
  if (!isTime(entry.updatedAtMs)) return expected("updatedAtMs", "milliseconds since 1970", entry.updatedAtMs);
  if (entry.endedAtMs !== undefined && !isTime(entry.endedAtMs))
    return expected("endedAtMs", "milliseconds since 1970", entry.endedAtMs);
  if (entry.retentionMs !== undefined && !isTime(entry.retentionMs))
    return expected("retentionMs", "milliseconds", entry.retentionMs);
  if (entry.totals !== undefined && !areTotals(entry.totals))
    return expected("totals", "lists of numbers", entry.totals);
  const { workflowName, parentInstanceId = "" } = entry;
  const name = nameProblem("workflowName", workflowName, MAX_NAME_BYTES);
  if (name !== undefined) return name;
  const parent = nameProblem("parentInstanceId", parentInstanceId, MAX_ID_BYTES);
  if (parent !== undefined) return parent;
  if (former !== undefined && !isTime(former.createdAtMs))
    return expected("former.createdAtMs", "milliseconds since 1970", former.createdAtMs);
  return textsProblem(textsOf(entry)) ?? attributesProblem(entry.searchAttributes);
}

/** Why this is no answer of an instance that this code knows, or `undefined`. */
export function presenceProblem(presence: Presence): string | undefined {
  if (presence.type === "present") return announcementProblem(presence);
  return presence.type === "absent" || presence.type === "leaving"
    ? undefined
    : expected("type", "present, leaving or absent", presence satisfies never);
}

export function departureProblem({ instanceId, createdAtMs, seq, counted }: Departure): string | undefined {
  if (instanceId === "") return expected("instanceId", "a text", instanceId);
  const id = nameProblem("instanceId", instanceId, MAX_ID_BYTES);
  if (id !== undefined) return id;
  if (counted !== undefined && !areTotals(counted.totals)) return expected("counted", "lists of numbers", counted);
  if (!isTime(createdAtMs)) return expected("createdAtMs", "milliseconds since 1970", createdAtMs);
  if (!Number.isSafeInteger(seq) || seq < 1) return expected("seq", "a whole number from 1", seq);
  return undefined;
}

function nameProblem(field: string, name: unknown, most: number): string | undefined {
  if (typeof name !== "string") return expected(field, "a text", name);
  return bytesOf(name) > most ? `${field}: expected at most ${most} bytes, found ${bytesOf(name)}` : undefined;
}

function textsProblem(texts: Texts): string | undefined {
  for (const name of TEXTS) {
    const text: unknown = texts[name] ?? "";
    if (typeof text !== "string") return expected(name, "a text", text);
    const { length } = text;
    if (length > MAX_TEXT_LENGTH) return `${name}: expected at most ${MAX_TEXT_LENGTH} characters, found ${length}`;
  }
  const bytes = bytesOfAll(texts);
  return bytes > MAX_TEXTS_BYTES
    ? `${TEXTS.join(", ")}: expected at most ${MAX_TEXTS_BYTES} bytes together, found ${bytes}`
    : undefined;
}

function textsOf({ failure, customStatus, waitingFor, version }: CatalogEntry): Texts {
  return { failureMessage: failure?.message, customStatus, version, waitingFor, errorType: failure?.errorType };
}

function bytesOfAll(texts: Texts): number {
  return TEXTS.reduce((sum, name) => sum + bytesOf(texts[name]), 0);
}

function bytesOf(text: string | undefined): number {
  return text === undefined ? 0 : encoder.encode(text).byteLength;
}

/** As far as a Date can tell it. */
function isTime(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 8.64e15;
}

function expected(field: string, what: string, found: unknown): string {
  return `${field}: expected ${what}, found ${JSON.stringify(found) ?? typeof found}`;
}

/** A text as an entry has it, as long as it is not cut further for the sake of others. */
export function cutText(text: string): string {
  if (text.length <= MAX_TEXT_LENGTH) return text;
  return text.slice(0, MAX_TEXT_LENGTH - 1).replace(/[\ud800-\udbff]$/, "") + MARK;
}

/** Shorter by at least `bytes`, or gone. */
function cutBytes(text: string | undefined, bytes: number): string | undefined {
  const wanted = bytesOf(text) - bytes - bytesOf(MARK);
  if (text === undefined || wanted <= 0) return undefined;
  let short = text.slice(0, wanted);
  while (bytesOf(short) > wanted) short = short.slice(0, Math.min(-1, Math.floor((wanted - bytesOf(short)) / 3)));
  return short.replace(/[\ud800-\udbff]$/, "") + MARK;
}
