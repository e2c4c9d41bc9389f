import type { InstanceRecord } from "../../storage/instance-row.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import type { InstancePorts } from "../ports.ts";
import type { Bar, TimelinePage, TimelineRequest } from "../views.ts";
import { reading } from "./sealing.ts";
import type { OpenTimers } from "./snapshot.ts";
import { Timeline } from "./timeline.ts";

/** So many events are looked at for one page, so that none takes long; half of them before the place where it begins. */
const MAX_LOOKED_AT = 100_000;

/** At most `limit` bars, or one more: a turn goes with its first event. `check`: as in `readHistoryPage`. */
export async function readTimeline(
  ports: InstancePorts,
  { executionId }: InstanceRecord,
  request: TimelineRequest,
  isOpen: OpenTimers,
  check: () => void,
): Promise<TimelinePage> {
  const nothing = { executionId, bars: [], isTruncated: false };
  if (request.executionId !== undefined && request.executionId !== executionId) return { ...nothing, isOver: true };
  try {
    check();
    return await reading(ports, () => ({ executionId, ...drawPage(ports, request, isOpen) }));
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    return { ...nothing, unreadable: error.message };
  }
}

function drawPage({ store }: InstancePorts, { order, limit, from }: TimelineRequest, isOpen: OpenTimers) {
  const isBack = order === "desc";
  const total = store.nextHistorySeq;
  const place = from ?? (isBack ? total - 1 : 0);
  // What bars are made of may lie before their place, and their ends behind it.
  const before = isBack && from === undefined ? MAX_LOOKED_AT : MAX_LOOKED_AT / 2;
  const begin = Math.max(0, place + 1 - before);
  const end = Math.min(total, begin + MAX_LOOKED_AT);
  const timeline = new Timeline();
  for (const { seq, event } of store.skimHistory(begin)) {
    if (seq >= end) break;
    timeline.add(seq, event);
  }
  timeline.openTimers(isOpen);
  // The first event that is looked at may stand in the middle of its turn.
  const first = isBack ? begin && begin + 1 : place;
  const drawn = timeline.bars.filter(({ position }) => position >= first && (!isBack || position <= place));
  if (isBack) drawn.reverse();
  const bars = firstOf(drawn, limit);
  const rest = isBack ? first - 1 : end;
  const next = drawn[bars.length]?.position ?? (rest >= 0 && rest < total ? rest : undefined);
  return { bars, next, isTruncated: end < total };
}

/** Not cut between two of one event. */
function firstOf(bars: readonly Bar[], limit: number): readonly Bar[] {
  let count = Math.min(limit, bars.length);
  while (count > 1 && bars[count]?.position === bars[count - 1]?.position) count--;
  while (count < bars.length && bars[count]?.position === bars[count - 1]?.position) count++;
  return bars.slice(0, count);
}
