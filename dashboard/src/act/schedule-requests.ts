import { at } from "../app/api.ts";
import { type Asked, flag, objectOf, operands, option, payload, post, withReason } from "./requests.ts";

/*
 * What is asked of schedules: of the fields as a form has them, to a body of JSON and to flags of the command line.
 */

interface OfSchedule {
  readonly id: string;
  readonly reason?: string | undefined;
}

/** As the reader has written them; an empty text is a field that is not there. */
export interface ScheduleFields {
  readonly workflowName: string;
  readonly when: "cron" | "interval" | "at";
  /** An expression a line. */
  readonly cron: string;
  readonly interval: string;
  readonly offset: string;
  readonly at: string;
  readonly timeZone: string;
  readonly input: string;
  readonly overlap: string;
  readonly catchUpWindow: string;
  readonly jitter: string;
  readonly startAt: string;
  readonly endAt: string;
  readonly retention: string;
  readonly remainingActions: string;
  readonly pauseOnFailure: boolean;
}

export const NO_FIELDS: ScheduleFields = {
  workflowName: "",
  when: "cron",
  cron: "",
  interval: "",
  offset: "",
  at: "",
  timeZone: "",
  input: "",
  overlap: "",
  catchUpWindow: "",
  jitter: "",
  startAt: "",
  endAt: "",
  retention: "",
  remainingActions: "",
  pauseOnFailure: false,
};

/** A field, as JSON; `undefined`: it is not there. */
type Body = Readonly<Record<string, string | undefined>>;

const TEXTS = ["timeZone", "overlap", "catchUpWindow", "jitter", "startAt", "endAt", "retention"] as const;

/** Only the fields of what says when are told. */
export function bodyOf(fields: ScheduleFields): Body {
  const { when, workflowName, remainingActions, pauseOnFailure } = fields;
  const texts = TEXTS.map((name) => [name, textOf(fields[name])] as const);
  const cron = fields.cron
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return {
    workflowName: textOf(workflowName),
    cron: when !== "cron" || cron.length === 0 ? undefined : JSON.stringify(cron.length === 1 ? cron[0] : cron),
    interval: when === "interval" ? textOf(fields.interval) : undefined,
    offset: when === "interval" ? textOf(fields.offset) : undefined,
    at: when === "at" ? textOf(fields.at) : undefined,
    ...Object.fromEntries(texts),
    input: payload(fields.input),
    remainingActions: remainingActions.trim() || undefined,
    pauseOnFailure: pauseOnFailure ? "true" : undefined,
  };
}

export function createSchedule(id: string, fields: ScheduleFields, reason?: string): Asked {
  const body = bodyOf(fields);
  return {
    request: post(at.schedules(), {}, objectOf({ id: JSON.stringify(id), ...body, reason: textOf(reason ?? "") })),
    command: ["schedule create", ...flagsOf(body), ...withReason(reason), ...operands(id)],
  };
}

/** What is the same is not told; what was there and is not is taken away. */
export function changeSchedule(id: string, before: ScheduleFields, after: ScheduleFields, reason?: string): Asked {
  const [was, is] = [bodyOf(before), bodyOf(after)];
  const changed = Object.keys(is).filter((name) => was[name] !== is[name]);
  const body: Record<string, string | undefined> = {};
  const cleared: string[] = [];
  for (const name of changed) {
    body[name] = is[name] ?? "null";
    if (body[name] === "null") cleared.push(name);
  }
  const flags = flagsOf(Object.fromEntries(Object.entries(body).filter(([, text]) => text !== "null")));
  const request = {
    method: "PATCH" as const,
    path: at.schedules(id),
    body: objectOf({ ...body, reason: textOf(reason ?? "") }),
  };
  const clear = cleared.flatMap((name) => option("--clear", name));
  return { request, command: ["schedule update", ...flags, ...clear, ...withReason(reason), ...operands(id)] };
}

/** Whether there is anything to be changed. */
export function isChanged(before: ScheduleFields, after: ScheduleFields): boolean {
  return JSON.stringify(bodyOf(before)) !== JSON.stringify(bodyOf(after));
}

export function pauseSchedule(asked: OfSchedule): Asked {
  return doing("pause", asked);
}

export function resumeSchedule(asked: OfSchedule): Asked {
  return doing("resume", asked);
}

function doing(verb: "pause" | "resume", { id, reason }: OfSchedule): Asked {
  return {
    request: post(at.schedules(id, verb), { reason: reason || undefined }),
    command: [`schedule ${verb}`, ...withReason(reason), ...operands(id)],
  };
}

export function deleteSchedule({ id, reason }: OfSchedule): Asked {
  return {
    request: { method: "DELETE", path: at.schedules(id), query: { reason: reason || undefined } },
    command: ["schedule delete", ...withReason(reason), ...operands(id)],
  };
}

export interface Trigger extends OfSchedule {
  readonly input?: string | undefined;
  readonly overlap?: string | undefined;
  /** Makes a request that is sent twice count once. */
  readonly requestID?: string | undefined;
}

export function trigger({ id, overlap, reason, requestID, ...given }: Trigger): Asked {
  const input = payload(given.input);
  const body = objectOf({ input, overlap: textOf(overlap ?? ""), reason: textOf(reason ?? "") });
  return {
    request: post(at.schedules(id, "trigger"), { requestID }, body),
    command: [
      "schedule trigger",
      ...option("--input", input),
      ...option("--overlap", overlap),
      ...withReason(reason),
      ...operands(id),
    ],
  };
}

export interface Backfill extends OfSchedule {
  readonly from: string;
  readonly to: string;
  readonly overlap?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

export function backfill({ id, from, to, overlap, dryRun, reason }: Backfill): Asked {
  const body = objectOf({
    from: JSON.stringify(from),
    to: JSON.stringify(to),
    overlap: textOf(overlap ?? ""),
    dryRun: dryRun ? "true" : undefined,
    reason: textOf(reason ?? ""),
  });
  return {
    request: post(at.schedules(id, "backfill"), {}, body),
    command: [
      "schedule backfill",
      ...option("--from", from),
      ...option("--to", to),
      ...option("--overlap", overlap),
      // Without it the command counts first, and asks, as the dialog does.
      dryRun ? "--dry-run" : "--yes",
      ...withReason(reason),
      ...operands(id),
    ],
  };
}

const FLAGS: readonly (readonly [field: string, flag: string])[] = [
  ["workflowName", "--workflow"],
  ["cron", "--cron"],
  ["interval", "--interval"],
  ["offset", "--offset"],
  ["at", "--at"],
  ["timeZone", "--time-zone"],
  ["input", "--input"],
  ["overlap", "--overlap"],
  ["catchUpWindow", "--catch-up-window"],
  ["jitter", "--jitter"],
  ["startAt", "--start-at"],
  ["endAt", "--end-at"],
  ["retention", "--retention"],
  ["remainingActions", "--remaining-actions"],
];

function flagsOf(body: Body): string[] {
  const flags = FLAGS.flatMap(([field, name]) => {
    const text = body[field];
    if (text === undefined) return [];
    const value = field === "input" ? text : JSON.parse(text);
    return [value].flat().flatMap((one) => option(name, String(one)));
  });
  return [...flags, ...flag("--pause-on-failure", body.pauseOnFailure !== undefined)];
}

function textOf(text: string): string | undefined {
  return text.trim() === "" ? undefined : JSON.stringify(text);
}
