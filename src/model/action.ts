import type { FailureDetails } from "./failure.ts";
import type { EventRaised } from "./history-event.ts";

/** What a workflow asks for in a turn. `id` is the sequence number that its answer will carry. */
export type Action = ScheduleActivity | CreateTimer | StartChild;

export interface ScheduleActivity {
  readonly type: "ScheduleActivity";
  readonly id: number;
  readonly name: string;
  readonly input?: string | undefined;
}
export interface CreateTimer {
  readonly type: "CreateTimer";
  readonly id: number;
  readonly fireAtMs: number;
}
export interface StartChild {
  readonly type: "StartChild";
  readonly id: number;
  readonly name: string;
  readonly instanceId: string;
  readonly input?: string | undefined;
}

/** How an execution ended, as the workflow's code or a terminate request decided. */
export type Completion =
  | { readonly type: "Completed"; readonly output?: string | undefined }
  | { readonly type: "Failed"; readonly failure: FailureDetails }
  | { readonly type: "Terminated"; readonly output?: string | undefined; readonly recursive: boolean }
  | {
      readonly type: "ContinuedAsNew";
      readonly input?: string | undefined;
      /** Events received and not yet consumed, in the order in which they arrived. */
      readonly carriedEvents: readonly EventRaised[];
    };
