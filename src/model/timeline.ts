/*
 * What the bars of a timeline are. Instances draw them, the HTTP API and the client show them.
 */

export type BarKind =
  | "turn"
  | "activity"
  | "child"
  | "timer"
  | "event"
  | "update"
  | "pause"
  | "stall"
  | "cancel"
  | "terminate"
  | "rewind"
  | "version"
  | "sent"
  | "detached";

/** `left`: the instance has ended before it, and its end is not told any more. */
export type BarStatus = "running" | "retrying" | "waiting" | "completed" | "failed" | "canceled" | "left";
