import type { Role } from "../../../src/http/role.ts";
import type { JobOperation } from "../../../src/jobs/job.ts";
import { type Asked, flag, operands, option, withReason } from "../act/requests.ts";
import { at } from "../app/api.ts";
import type { IconName } from "../parts/icon.tsx";
import { queryOf } from "./query-text.ts";

/*
 * What can be asked of many instances, and how: pure, so that what the dialog shows, counts and sends is one thing.
 */

export type Targets =
  | { readonly type: "ids"; readonly ids: readonly string[] }
  /** The API's parameters that filter. */
  | { readonly type: "filter"; readonly filter: Readonly<Record<string, string>> };

export interface BulkOptions {
  readonly reason: string;
  readonly eventName: string;
  readonly payload: string;
  readonly force: boolean;
  readonly nonRecursive: boolean;
}

interface Operation {
  readonly label: string;
  readonly icon: IconName;
  readonly role: Role;
  readonly danger?: true;
  /** What becomes of them, and of their children. */
  readonly effect: string;
}

export const OPERATIONS: Readonly<Record<JobOperation, Operation>> = {
  raise: {
    label: "Raise an event",
    icon: "send",
    role: "operator",
    effect: "Each of them gets the event, and keeps it until its code waits for it. Those that have ended refuse it.",
  },
  pause: {
    label: "Pause",
    icon: "pause",
    role: "operator",
    effect: "Their code runs no further until they are resumed; activities that run go on. Children are not paused.",
  },
  resume: {
    label: "Resume",
    icon: "play",
    role: "operator",
    effect: "Their code goes on with all that has come meanwhile. Children are left as they are.",
  },
  rewind: {
    label: "Rewind",
    icon: "undo-2",
    role: "operator",
    effect:
      "Those that have FAILED go on from the call that failed, which runs again; failed children with them. What has succeeded stays.",
  },
  rerun: {
    label: "Rerun",
    icon: "rotate-cw",
    role: "operator",
    effect: "A new instance with the same input is started for each of them, from the beginning. They themselves stay.",
  },
  restart: {
    label: "Restart",
    icon: "rotate-ccw",
    role: "operator",
    effect: "What runs is terminated with its children. Each ID begins anew, with the same input and today's code.",
  },
  cancel: {
    label: "Cancel",
    icon: "ban",
    role: "operator",
    effect: "Their code is told where it waits, may clean up, and ends. Children are asked to end, too.",
  },
  terminate: {
    label: "Terminate",
    icon: "octagon-x",
    role: "operator",
    danger: true,
    effect: "They end at once, and their code does not run again: nothing is cleaned up.",
  },
  purge: {
    label: "Purge",
    icon: "trash-2",
    role: "admin",
    danger: true,
    effect: "Those that have ended are removed with their history, input and output. It cannot be undone.",
  },
};

/** From so many on, the number has to be typed. */
export const TYPED_ABOVE = 1_000;

export function dryRun(operation: JobOperation, targets: Targets): Asked {
  return {
    request: {
      method: "POST",
      path: at.jobs(),
      body: JSON.stringify({ operation, ...targetsIn(targets), dryRun: true }),
    },
  };
}

/** `confirm` is how many the reader has seen: more than that are refused. The payload is a text of JSON, and goes as it is. */
export function bulkJob(operation: JobOperation, targets: Targets, confirm: number, options: BulkOptions): Asked {
  const { reason, eventName, payload, force, nonRecursive } = options;
  const isRecursive = operation === "terminate" || operation === "purge";
  const body = JSON.stringify({
    operation,
    ...targetsIn(targets),
    confirm,
    ...(reason !== "" && { reason }),
    ...(operation === "raise" && { eventName }),
    ...(operation === "purge" && force && { force }),
    ...(isRecursive && nonRecursive && { nonRecursive }),
  });
  const withPayload =
    operation === "raise" && payload.trim() !== "" ? `${body.slice(0, -1)},"payload":${payload.trim()}}` : body;
  return {
    request: { method: "POST", path: at.jobs(), body: withPayload },
    command: commandOf(operation, targets, options),
  };
}

/** Those of the command line that ask for nothing more than which, and why. */
const VERBS: Partial<Record<JobOperation, string>> = {
  pause: "suspend",
  resume: "resume",
  rewind: "rewind",
  restart: "restart",
  cancel: "cancel",
  terminate: "terminate",
  purge: "purge",
};
/** A command has room for so many. */
const MOST_NAMED = 50;

function commandOf(
  operation: JobOperation,
  targets: Targets,
  { reason, force, nonRecursive }: BulkOptions,
): string[] | undefined {
  const verb = VERBS[operation];
  const flags = [
    ...flag("--force", operation === "purge" && force),
    ...flag("--non-recursive", (operation === "purge" || operation === "terminate") && nonRecursive),
    ...withReason(reason),
  ];
  if (verb === undefined) return undefined;
  if (targets.type === "filter") {
    const query = queryOf(targets.filter);
    return query === undefined ? undefined : [verb, ...option("--query", query), ...flags];
  }
  // `latest` is the newest of all there.
  if (targets.ids.length > MOST_NAMED || targets.ids.includes("latest")) return undefined;
  return [verb, ...flags, ...operands(...targets.ids)];
}

function targetsIn(targets: Targets) {
  return targets.type === "ids" ? { instanceIDs: targets.ids } : { filter: targets.filter };
}
