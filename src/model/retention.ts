import { parseDuration } from "./go-duration.ts";
import { anObject, type Given, type OptionRule, optionsOf, rangeRule } from "./options.ts";
import type { TerminalStatus } from "./status.ts";

/** How long an ended instance is kept, in milliseconds. What is not named is kept. */
export interface RetentionPolicy {
  readonly anyTerminal?: number | undefined;
  readonly completed?: number | undefined;
  readonly failed?: number | undefined;
  /** CANCELED, too. */
  readonly terminated?: number | undefined;
}

/** As in Dapr, what is said of one status counts before what is said of all. `undefined`: for ever. */
export function retentionOf(policy: RetentionPolicy, status: TerminalStatus): number | undefined {
  switch (status) {
    case "COMPLETED":
      return policy.completed ?? policy.anyTerminal;
    case "FAILED":
      return policy.failed ?? policy.anyTerminal;
    case "TERMINATED":
    case "CANCELED":
      return policy.terminated ?? policy.anyTerminal;
    default:
      return status satisfies never;
  }
}

/** Option `stateRetentionPolicy`, named and written as in Dapr's configuration: Go durations from 0s, for instance "24h". */
export interface StateRetentionPolicy {
  /** Of a status that is not named. */
  readonly anyTerminal?: string | undefined;
  readonly completed?: string | undefined;
  readonly failed?: string | undefined;
  /** CANCELED, too. */
  readonly terminated?: string | undefined;
}

export const A_RETENTION = 'a Go duration from 0s, for instance "24h" or "1h30m"';

/** In whole milliseconds, not less; or why it is no time that an instance can be kept for. */
export function retentionFrom(text: string): { readonly ms: number } | { readonly problem: string } {
  const duration = parseDuration(text);
  if ("problem" in duration) return duration;
  const { ns } = duration;
  return ns < 0n ? { problem: "it is below 0s" } : { ms: Math.ceil(Number(ns) / 1_000_000) };
}

export const aRetention: OptionRule = rangeRule(
  A_RETENTION,
  (given) => typeof given === "string" && "ms" in retentionFrom(given),
);

export const retentionPolicyOption: OptionRule = anObject(
  optionsOf<StateRetentionPolicy>({
    anyTerminal: aRetention,
    completed: aRetention,
    failed: aRetention,
    terminated: aRetention,
  }),
  "an object of Go durations",
);

/** Of one that has been found right. */
export function retentionPolicyFrom(given: Given<StateRetentionPolicy> | undefined): RetentionPolicy | undefined {
  if (given === undefined) return undefined;
  const msOf = (text: string | null | undefined): number | undefined => {
    const read = retentionFrom(text ?? "");
    return "ms" in read ? read.ms : undefined;
  };
  const { anyTerminal, completed, failed, terminated } = given;
  return {
    anyTerminal: msOf(anyTerminal),
    completed: msOf(completed),
    failed: msOf(failed),
    terminated: msOf(terminated),
  };
}
