import { aNumber, optionsOf } from "../model/options.ts";
import { type Answer, bodyOf } from "./workflow-api.ts";

/*
 * What `GET …/workflow-limits/…` tells, with dates for its times. A field that the server does not tell is not there.
 */

/** A limit that the server's code declares. */
export interface WorkflowLimit {
  readonly name: string;
  /** Whose instances are limited. */
  readonly workflow?: string;
  /** Whose runs are limited. */
  readonly activity?: string;
  readonly concurrency?: number;
  readonly concurrencyPerKey?: number;
  readonly rate?: string;
  /** Over so many objects its keys are spread, where that is more than one. */
  readonly parts?: number;
  readonly running: number;
  readonly waiting: number;
  /** With how many keys something waits. */
  readonly waitingKeys: number;
  /** Those with which most wait. */
  readonly waitingByKey: readonly {
    readonly key: string;
    readonly running: number;
    readonly waiting: number;
    readonly oldestWaitingSince: Date;
  }[];
  readonly oldestWaitingSince?: Date;
  /** So many parts have not answered, and are not counted. */
  readonly missingParts?: number;
}

export interface LimitListOptions {
  /** Of each limit so many keys are told. Default 10, at most 100. */
  readonly top?: number | null | undefined;
}

export const limitListOptions = optionsOf<LimitListOptions>({
  top: aNumber("a whole number from 1 to 100", (value) => Number.isInteger(value) && value >= 1 && value <= 100),
});

export function limitsOf(answer: Answer): readonly WorkflowLimit[] {
  const body = bodyOf(answer, "list of limits", ({ limits }) => Array.isArray(limits));
  const { limits } = body as { readonly limits: readonly object[] };
  return limits.map((limit) => withDates(limit) as WorkflowLimit);
}

function withDates(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withDates);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name === "oldestWaitingSince" && typeof inner === "string" ? new Date(inner) : withDates(inner),
    ]),
  );
}
