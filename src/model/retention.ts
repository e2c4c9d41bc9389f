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
