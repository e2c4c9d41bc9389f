import type { FailureDetails } from "../model/failure.ts";

/** Dapr's word for what was called, and ours. */
export type CallKind = "Activity" | "Sub-orchestration";
export const NOUNS: Record<CallKind, string> = { Activity: "activity", "Sub-orchestration": "workflow" };

/**
 * What the workflow is told of a call that has failed: `<instance>: activity 'charge': Activity task #3 failed: <why>`. Dapr's
 * words stand in the middle. A failure that was handed on by workflows below says only why: who handed it on is in its
 * `innerFailure`, and the message does not grow with each level.
 */
export function failureMessage(
  instanceId: string,
  kind: CallKind,
  name: string,
  id: number,
  failure: FailureDetails,
): string {
  return `${instanceId}: ${NOUNS[kind]} '${name}': ${kind} task #${id} failed: ${reasonOf(failure)}`;
}

/** The call of this instance that a failure came from, wherever in its chain; `undefined` when it came from none. */
export function failedCallOf(instanceId: string, failure: FailureDetails): FailedCall | undefined {
  const own = `${instanceId}: `;
  for (let at: FailureDetails | undefined = failure; at !== undefined; at = at.innerFailure) {
    if (at.errorType !== "TaskFailedError" || !at.message.startsWith(own)) continue;
    const call = NAMED_CALL.exec(at.message.slice(own.length));
    if (call === null) continue;
    const { noun, name = "", id } = call.groups ?? {};
    return { kind: noun === "activity" ? "activity" : "workflow", name, taskId: Number(id), failure: at.innerFailure };
  }
  return undefined;
}

/** `failure`: why the call itself failed. */
export interface FailedCall {
  readonly kind: "activity" | "workflow";
  readonly name: string;
  readonly taskId: number;
  readonly failure: FailureDetails | undefined;
}

const NAMED_CALL =
  /^(?<noun>activity|workflow) '(?<name>.{1,16384}?)': (?:Activity|Sub-orchestration) task #(?<id>\d+) failed: /s;

/** What such a message begins with, as this code and the code before it write it. */
const CALL = /(?:(?:activity|workflow) '.{1,16384}?': )?(?:Activity|Sub-orchestration) task #\d+ failed: /s.source;
const CALL_AT_THE_BEGIN = new RegExp(`^\\S{1,1024}: ${CALL}`, "s");
const CALL_ANYWHERE = new RegExp(`[^\\s"]{1,1024}: ${CALL}`, "gs");

/** An ID with a space in it is known by what is within. */
function reasonOf({ errorType, message, innerFailure }: FailureDetails): string {
  if (errorType === "TaskFailedError" && innerFailure !== undefined) {
    const reason = reasonOf(innerFailure);
    if (message.endsWith(` failed: ${reason}`)) return reason;
  }
  let rest = message;
  for (let call = CALL_AT_THE_BEGIN.exec(rest); call !== null; call = CALL_AT_THE_BEGIN.exec(rest))
    rest = rest.slice(call[0].length);
  return rest;
}

/** To compare two texts in which such messages may stand, worded by this code or the code before it. */
export function withoutCalls(text: string): string {
  return text.replace(CALL_ANYWHERE, "");
}
