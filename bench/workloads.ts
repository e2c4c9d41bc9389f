import { catalog, logging, parallel, series, telemetry, webhooks } from "./workloads/instances.ts";
import { asleep, cold } from "./workloads/memory.ts";
import { fanouts, io, payloads, sequence } from "./workloads/steps.ts";
import { again, children, events, timers } from "./workloads/waiting.ts";
import type { Workload } from "./workloads/workload.ts";

/** In the order in which a round goes through them. */
export const WORKLOADS: readonly Workload[] = [
  series,
  webhooks,
  catalog,
  telemetry,
  logging,
  parallel,
  sequence,
  ...fanouts,
  ...payloads,
  io,
  timers,
  events,
  children,
  again,
  cold,
  asleep,
];
