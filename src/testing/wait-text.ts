import type { ExecutionCode } from "../engine/execution.ts";
import { inBranch } from "../engine/non-determinism.ts";
import { Orchestration } from "../engine/orchestration.ts";
import type { Waits } from "../engine/waits.ts";
import { FactQueue } from "../instance/life/index.ts";
import { visibleStatus } from "../instance/reading/index.ts";
import type { ChildWorkflowInstanceCreated } from "../model/history-event.ts";
import { isTerminal, type RuntimeStatus } from "../model/status.ts";
import type { ActivityRun } from "./activity-runs.ts";
import { nextTurn } from "./event-loop.ts";
import type { Hosts } from "./hosts.ts";

/** Code that awaits something else than its tasks may hold up a replay for ever. */
const PATIENCE_TURNS = 20;
/** Children of children: their places are told so far down. */
const MAX_DEPTH = 5;

/** What instances wait for, in words. */
export class WaitText {
  readonly #hosts: Hosts;
  readonly #code: () => ExecutionCode;
  readonly #runs: () => readonly ActivityRun[];

  constructor(hosts: Hosts, code: () => ExecutionCode, runs: () => readonly ActivityRun[]) {
    this.#hosts = hosts;
    this.#code = code;
    this.#runs = runs;
  }

  /** Of an instance that nothing will ever bring on. */
  async of(instanceId: string): Promise<string> {
    const status = this.#statusOf(instanceId);
    const rest = this.#runs().length > 0 ? "Nothing else is running" : "Nothing is running";
    return `Instance '${instanceId}' is ${status} and waits for ${await this.#waitsOf(instanceId, 0)}. ${rest}, and no time is due.`;
  }

  async #waitsOf(instanceId: string, depth: number): Promise<string> {
    const history = this.#hosts.store(instanceId)?.history() ?? [];
    const hasBegun = this.#hosts.statusOf(instanceId) !== "PENDING";
    const loading = Orchestration.load(instanceId, this.#code(), history, hasBegun);
    const orchestration = await Promise.race([loading, manyTurns()]);
    if (orchestration === undefined) return "something that is no task of its context, which its code awaits";
    const { waits, pending } = orchestration;
    const texts = [
      ...(this.#statusOf(instanceId) === "SUSPENDED" ? ["a resume"] : []),
      ...eventsOf(waits),
      ...conditionsOf(waits),
      ...this.#runs().flatMap((run) =>
        run.instanceId === instanceId ? [describeRun(run, pending.activities.get(run.taskId)?.branch)] : [],
      ),
    ];
    for (const child of pending.children.values()) texts.push(await this.#describeChild(child, depth));
    if (orchestration.stall !== undefined) texts.push(`other code: ${orchestration.stall.message.replace(/\.$/, "")}`);
    return texts.join(", ") || circleOf(waits) || "nothing that this environment knows";
  }

  /** As a client sees it. The object itself may be held up, and is not asked. */
  #statusOf(instanceId: string): RuntimeStatus | undefined {
    const store = this.#hosts.store(instanceId);
    const record = store?.load();
    if (store === undefined || record === undefined) return undefined;
    const queue = new FactQueue();
    queue.reread(store.inbox());
    return visibleStatus(record, { queue });
  }

  async #describeChild({ instanceId, branch }: ChildWorkflowInstanceCreated, depth: number): Promise<string> {
    const status = this.#statusOf(instanceId);
    const child = `child '${instanceId}'${inBranch(branch)}`;
    if (status === undefined || isTerminal(status) || depth >= MAX_DEPTH) return child;
    return `${child}, which is ${status} and waits for ${await this.#waitsOf(instanceId, depth + 1)}`;
  }
}

/** In each branch that waits for one of this name; an event is for whoever has waited first. */
function eventsOf({ events, branches }: Waits): string[] {
  return events.flatMap((name) => {
    const key = name.toLowerCase();
    const within = branches.filter((branch) => branch.events.some((other) => other.toLowerCase() === key));
    return inEach(`event '${name}'`, within);
  });
}

function conditionsOf({ condition, branches }: Waits): string[] {
  return condition
    ? inEach(
        "a condition",
        branches.filter((branch) => branch.condition),
      )
    : [];
}

/** Where no branch waits for it, the workflow's own code does, or an update. */
function inEach(what: string, branches: Waits["branches"]): string[] {
  return branches.length === 0 ? [what] : branches.map(({ name }) => what + inBranch(name));
}

/** Branches that wait for each other, or one for itself: for nothing that ever comes. */
function circleOf({ branches }: Waits): string {
  const names = branches.flatMap(({ name, wait }) => (wait === undefined ? [`'${name}'`] : []));
  return names.length === 0 ? "" : `the end of branches that wait for each other: ${names.join(", ")}`;
}

function describeRun({ name, attempt, isMock }: ActivityRun, branch: string | undefined): string {
  const which = `activity '${name}'${attempt === 1 ? "" : ` (attempt ${attempt})`}${inBranch(branch)}`;
  return isMock
    ? `${which}, whose mock has not settled`
    : `${which}, which has not ended (if it takes its time where this cannot be seen, set activityGraceMs)`;
}

async function manyTurns(): Promise<undefined> {
  for (let turns = 0; turns < PATIENCE_TURNS; turns++) await nextTurn();
  return undefined;
}
