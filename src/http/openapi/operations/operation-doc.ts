import type { Table } from "../../routes.ts";
import type { COMMON, ErrorCode } from "../errors.ts";
import type { SchemaName } from "../schemas.ts";

type Operation = keyof Table;
export type ParameterName = { [O in Operation]: keyof Table[O]["parameters"] }[Operation];
type SegmentOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | SegmentOf<Rest>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;
export type SegmentName = "component" | SegmentOf<Table[Operation]["path"]>;

export interface AnswerDoc {
  readonly when: string;
  /** "anything": any JSON value; "events": Server-Sent Events; "text": plain text. Without one the answer has no body. */
  readonly schema?: SchemaName | "anything" | "events" | "text";
  /** Or text, a line of JSON for each event. */
  readonly hasLines?: true;
}

export interface OperationDoc {
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly description?: string;
  /** Where a name means something else than in PARAMETERS or SEGMENTS. */
  readonly names?: { readonly [Name in ParameterName | SegmentName]?: string };
  /** "payload": raw text of any kind. Otherwise a JSON object, or nothing. */
  readonly body?: { readonly is: "payload" | SchemaName; readonly when: string; readonly isRequired?: true };
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  readonly errors: readonly ErrorCode[];
  /** When a higher role is needed than that of the row. */
  readonly needsMore?: string;
  /** Which checks come before it. */
  readonly checks: keyof typeof COMMON;
}

/** Of each operation of the table. */
export type Docs = { readonly [O in Operation]: OperationDoc };

export const TAGS = {
  Workflows: "Dapr's Workflow API. What goes beyond Dapr says so.",
  "Beyond Dapr": "What Dapr has not, or not over HTTP.",
  Catalog: "All instances together: lists, counts and changes. Beyond Dapr.",
  Limits: "How many run at once, across instances. Beyond Dapr.",
  "Bulk jobs": "One operation, asked of many instances. Beyond Dapr.",
  Schedules: "Instances that start by themselves, at times that are named. Beyond Dapr.",
  App: "Health, and what is registered.",
  "Earlier versions":
    "The same operations under the paths of earlier versions of Dapr, and the form of the first of them.",
} as const;

// What stands in several of them.

export const ACCEPTED = { 202: { when: "It is on disk.", schema: "Accepted" } } as const;
export const WITH_REASON = { is: "Reason", when: "Why, in place of the parameter." } as const;
export const TO_LOG = { reason: "Beyond Dapr: why, in at most 1,000 characters. Goes to the log." };
export const WITHOUT_FIELD = { reason: "Beyond Dapr: why, in at most 1,000 characters. Goes into the history." };
