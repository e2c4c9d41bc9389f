// Of which branch a call is: what the history says, what the code says of itself, and what each replay makes of it.
import { Calls } from "../../../src/engine/calls.ts";
import { isRecordedCall } from "../../../src/engine/records.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";

/** Runs this, and tells of each recorded call that a replay within it has made in another branch. */
export async function watchingReplays<T>(tell: (fault: string) => void, run: () => Promise<T>): Promise<T> {
  const { confirm } = Calls.prototype;
  Calls.prototype.confirm = function (this: Calls, event, ...more): ReturnType<typeof confirm> {
    const call = this.actions.get(event.id);
    const branch = call !== undefined && "branch" in call ? call.branch : undefined;
    if (call !== undefined && branch !== event.branch)
      tell(`${event.type} ${event.id} is of the branch ${event.branch}, and in a replay of ${branch}`);
    return confirm.call(this, event, ...more);
  };
  try {
    return await run();
  } finally {
    Calls.prototype.confirm = confirm;
  }
}

/** In the history, as a replay takes it, each strand is one branch, a retry is of the branch whose call it is, and nothing else is of one. */
export function branchFaults(history: readonly HistoryEvent[]): string[] {
  const faults: string[] = [];
  const branches = new Map<string, string | undefined>();
  const strands = new Map<string, string>();
  const calls = new Map<number, string | undefined>();
  for (const event of history) {
    if (!isRecordedCall(event)) continue;
    const { type, id, branch } = event;
    const what = `${type} ${id} is of the branch ${branch}`;
    calls.set(id, branch);
    // The attempt before, or the child of which something is asked.
    const firstId = "taskId" in event ? event.taskId : "firstId" in event ? event.firstId : undefined;
    if (firstId !== undefined && calls.get(firstId) !== branch)
      faults.push(`${what}, and ${firstId} of ${calls.get(firstId)}`);
    // A timer cannot say whose it is, nor what an update calls.
    if (type === "TimerCreated" || "taskId" in event || event.name === "echo") continue;
    const strand = JSON.parse(event.input ?? "null")?.strand as string | undefined;
    if (strand === undefined && branch !== undefined) faults.push(`${what}, and the workflow's own code has made it`);
    if (strand === undefined) continue;
    const known = branches.has(strand) ? branches.get(strand) : branch;
    if (branch === undefined || known !== branch) faults.push(`${what}, and ${strand} has made it, which is ${known}`);
    else if ((strands.get(branch) ?? strand) !== strand)
      faults.push(`${what}, and so is ${strands.get(branch)}, not ${strand} alone`);
    if (!/^branch-\d+$/.test(branch ?? "branch-0") && branch !== strand)
      faults.push(`${what}, which ${strand} is not named`);
    branches.set(strand, branch);
    if (branch !== undefined) strands.set(branch, strand);
  }
  return faults;
}
