import type { Orchestration } from "../../engine/orchestration.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { Recovery } from "../activities/index.ts";
import { isEndedByTerminate } from "../waking/index.ts";
import type { Lasting } from "./lasting.ts";
import type { Life } from "./life.ts";
import type { Loaded } from "./live-execution.ts";

/**
 * Makes the execution from its history, and runs the activities again that it has open and nobody runs. `undefined`: the life has
 * been closed meanwhile, or the execution is to be made again.
 */
export async function loadExecution(life: Life, lasting: Lasting): Promise<Orchestration | undefined> {
  const { execution, queue } = life;
  const { executionId } = life.record as InstanceRecord;
  const loaded = await execution.load(life.record as InstanceRecord);
  if (loaded === undefined || life.isClosed) return undefined;
  const { orchestration, history } = loaded;
  if (orchestration.stall !== undefined) {
    life.stallWatch.begin(history);
    const isToEnd = queue.has("ExecutionTerminated") && isEndedByTerminate(orchestration.stall);
    // It is loaded again at once, without its code.
    return isToEnd ? execution.giveUpCode() : execution.keep(loaded);
  }
  const running = lasting.activities.tasksOf(executionId);
  // The life before this one may have written rows for them.
  for (const id of running) life.recoveries.add(id);
  const known = new Set([...queue.endedActivities(executionId), ...running]);
  const open = [...orchestration.pending.activities.values()].filter((task) => !known.has(task.id));
  if (execution.isWithoutCode) {
    // The turn to come ends it, and takes no results any more.
    for (const { id } of open) life.recoveries.add(id);
  } else if (isNewRerun(life, loaded)) {
    // No restart has found them open.
    for (const task of open) lasting.activities.start({ executionId, task });
  } else if (open.length > 0) {
    const recovery = await life.recoveries.plan(executionId, open, lasting);
    if (life.isClosed) return undefined;
    recover(life, lasting, executionId, recovery);
  }
  return execution.keep(loaded);
}

/** Its history was made of another one's, and what is open in it was not run here yet. */
function isNewRerun({ syncsBeforeActing }: Life, { orchestration, history }: Loaded): boolean {
  return !syncsBeforeActing && orchestration.started?.rerunOf?.events === history.length;
}

function recover({ queue }: Life, { activities, log }: Lasting, executionId: string, { giveUp, run }: Recovery): void {
  for (const { task, fact } of giveUp) {
    log.attemptFailed(task, fact.failure);
    queue.add({ fact, executionId });
  }
  for (const activity of run) activities.start(activity);
}
