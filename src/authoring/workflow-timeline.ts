import type { BarKind, BarStatus } from "../model/timeline.ts";
import type { TimelinePageOptions } from "./client-options.ts";
import { bodyOf, ifThere, segment, type WorkflowApi } from "./workflow-api.ts";

/*
 * The bars of a timeline, with dates for its times: docs/http-api.md says what each of its fields is.
 */

interface Span {
  readonly status: BarStatus;
  readonly scheduled: Date;
  readonly ended?: Date;
  readonly errorType?: string;
}

export interface TimelineBar extends Span {
  /** The number of the event that it begins with. */
  readonly position: number;
  readonly kind: BarKind;
  /** Of a call: that of its first attempt. */
  readonly id?: number;
  readonly name?: string;
  /** The name of the branch that has called it. */
  readonly branch?: string;
  /** Of a child, and of whatever else has an instance. */
  readonly instanceId?: string;
  readonly updateId?: string;
  /** Its last attempt, where that is not the first. */
  readonly started?: Date;
  /** Of a timer, or of the next attempt. */
  readonly due?: Date;
  /** Of a call that was tried more than once, the last 100. */
  readonly attempts?: readonly TimelineAttempt[];
  /** Of a turn: how many events it has. */
  readonly events?: number;
}

export interface TimelineAttempt extends Span {
  readonly id: number;
  readonly attempt: number;
  readonly nextAttempt?: Date;
}

/** There are more bars as long as there is a token. */
export interface TimelinePage {
  readonly executionId: string;
  readonly bars: readonly TimelineBar[];
  readonly continuationToken?: string;
  /** More events follow than were looked at: what ends later is shown as open. */
  readonly truncated: boolean;
}

export async function timelinePage(
  api: WorkflowApi,
  instanceId: string,
  { limit, continuationToken, order }: TimelinePageOptions,
): Promise<TimelinePage | undefined> {
  const query = {
    limit: limit ?? undefined,
    continuationToken: continuationToken ?? undefined,
    order: order ?? undefined,
  };
  const answer = await ifThere(api.ask(`${segment(instanceId)}/timeline`, query));
  if (answer === undefined) return undefined;
  const body = bodyOf(answer, "timeline", ({ bars }) => Array.isArray(bars)) as Omit<TimelinePage, "bars"> & {
    readonly bars: readonly object[];
  };
  const { executionId, bars, continuationToken: next, truncated = false } = body;
  return {
    executionId,
    bars: bars.map((bar) => withDates(bar) as TimelineBar),
    ...(next !== undefined && { continuationToken: next }),
    truncated,
  };
}

const TIMES = new Set(["scheduled", "started", "ended", "due", "nextAttempt"]);
const NAMES: Readonly<Record<string, string>> = { instanceID: "instanceId", updateID: "updateId" };

function withDates(span: object): object {
  const fields = Object.entries(span).map(([key, value]) => {
    if (Array.isArray(value)) return [key, value.map(withDates)];
    return [NAMES[key] ?? key, TIMES.has(key) ? new Date(value) : value];
  });
  return Object.fromEntries(fields);
}
