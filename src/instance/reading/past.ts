import { Orchestration } from "../../engine/orchestration.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import type { InstancePorts } from "../ports.ts";
import type { PastStanding } from "../views.ts";
import { byName } from "./detail.ts";
import { reading } from "./sealing.ts";
import { shownBranches } from "./standing.ts";

/**
 * Where today's code stood after so many events of its history: it runs once more over them, as for a query. No event tells its custom status, or
 * what it waited for.
 */
export async function readPast(
  ports: InstancePorts,
  { instanceId }: InstanceRecord,
  events: number,
): Promise<PastStanding | undefined> {
  const { registry, onNonDeterminism, store } = ports;
  try {
    const history = (await reading(ports, () => store.history())).slice(0, events);
    const code = { registry, onNonDeterminism };
    const { waits, pending, stall, outline } = await Orchestration.load(instanceId, code, history, true, {
      runEnded: true,
    });
    return {
      events: history.length,
      customStatus: waits.customStatus,
      awaitedEvents: waits.events,
      awaitsCondition: waits.condition,
      bufferedEvents: byName(waits.buffered),
      openTimers: pending.dueTimers(Number.POSITIVE_INFINITY),
      branches: stall === undefined && outline.completed === undefined ? shownBranches(waits.branches) : undefined,
      stall: stall && { reason: stall.reason, message: stall.message },
    };
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    return undefined;
  }
}
