/** Webhooks in a simulation: what befalls the receivers, and whether each of them hears of each end, and of nothing else. */
import { executionOfName } from "../../../src/model/ids.ts";
import { isTerminal, type RuntimeStatus } from "../../../src/model/status.ts";
import type { Host } from "../instance/host.ts";
import { HOOK, type Receipt, type Received, Receivers, SECRET } from "../instance/receivers.ts";
import type { Point, World } from "../instance/world.ts";
import { Random } from "../random.ts";
import type { FaultCounts } from "./chance.ts";
import type { Plan } from "./plan.ts";

/** What befalls those who listen: a budget of its own, so small that nothing is given up. */
export interface WebhooksPlan {
  readonly receivers: number;
  readonly budget: number;
  readonly refuses: number;
  readonly unreachable: number;
  readonly silent: number;
}

export function webhooksFrom(random: Random): WebhooksPlan | undefined {
  if (!random.chance(0.08)) return undefined;
  const rate = (most: number) => (random.chance(0.5) ? 0 : random.next() * most);
  const receivers = random.of([1, 1, 2]);
  return { receivers, budget: random.between(0, 5), refuses: rate(0.5), unreachable: rate(0.5), silent: rate(0.3) };
}

interface End {
  readonly instanceId: string;
  readonly status: string;
  /** Which receivers have taken it. */
  readonly taken: Set<string>;
  /** What was told of it first. */
  body?: string;
  /** Somebody has purged the instance, and what was owed went with it; or nobody has seen it end here. */
  mayBeUntold: boolean;
}

export class WebhookWatch {
  readonly violations: string[] = [];
  readonly #world: World;
  readonly #plan: WebhooksPlan;
  /** Nobody purges: what is kept for a time goes when all have heard of it. */
  readonly #isKept: boolean;
  readonly #random: Random;
  readonly #counts: FaultCounts;
  readonly #tell: (line: string) => void;
  /** All that there have been, by the object. */
  readonly #executions = new Map<string, Set<string>>();
  /** When objects were last found empty at a commit. */
  readonly #gone = new Map<string, number>();
  /** By the execution, and the place of its end in its history. */
  readonly #ends = new Map<string, End>();
  #left: number;
  #hasCeased = false;

  constructor(
    world: World,
    plan: WebhooksPlan,
    { seed, retention }: Pick<Plan, "seed" | "retention">,
    counts: FaultCounts,
    tell: (line: string) => void,
  ) {
    this.#world = world;
    this.#plan = plan;
    this.#isKept = retention !== undefined;
    this.#random = new Random(seed ^ 0x03eb4006);
    this.#counts = counts;
    this.#tell = tell;
    this.#left = plan.budget;
    const events = ["workflow.completed", "workflow.failed", "workflow.terminated", "workflow.canceled"] as const;
    const names = ["program", "vers*"];
    const receivers = this.#urls.map((url) => ({ url, secret: SECRET, events, names }));
    world.webhooks = new Receivers(...receivers);
    world.webhooks.answer = (webhook) => this.#answer(webhook);
  }

  cease(): void {
    this.#hasCeased = true;
  }

  /** To be told of every point that an instance comes to. */
  at(point: Point, id: string): void {
    if (point !== "committed") return;
    const host = this.#world.host(id);
    const [row] = host.db.read<{ status: RuntimeStatus; name: string; run: string }>(
      "SELECT type AS status, name, detail ->> '$.executionId' AS run FROM instance WHERE seq = -1",
    );
    if (row === undefined) return this.#goes(id);
    const { executionId, rewinds } = executionOfName(row.run);
    this.#executions.set(id, (this.#executions.get(id) ?? new Set()).add(executionId));
    if (row.name !== "program" && row.name !== "versioned") return;
    const isOver = isTerminal(row.status);
    if (isOver || rewinds !== undefined) this.#ended(host, isOver);
  }

  /** Once nothing happens any more. */
  faults(): string[] {
    return [...this.#ends].flatMap(([key, { instanceId, status, taken, mayBeUntold }]) =>
      this.#urls
        .filter((url) => !mayBeUntold && !taken.has(url))
        .map((url) => `${instanceId}: ${url} has not heard that it is ${status} (${key})`),
    );
  }

  get #urls(): string[] {
    return Array.from({ length: this.#plan.receivers }, (_, n) => `${HOOK}/${n}`);
  }

  /** One that has ended is not seen as it ends where, in the same commit, it was purged, or another one has taken its ID. */
  #unseen(instanceId: string, executionId: string, status: string): End | undefined {
    const current = [...(this.#executions.get(instanceId) ?? [])].at(-1);
    const isReplaced = current !== undefined && numberOf(executionId) < numberOf(current);
    const isPurged = this.#gone.get(instanceId) === this.#world.nowMs;
    if (!isReplaced && !isPurged) return undefined;
    return { instanceId, status, taken: new Set(), mayBeUntold: true };
  }

  /** One that has failed may have been rewound in the same commit, and a rerun begins with what its source has come to. */
  #ended(host: Host, isOver: boolean): void {
    const history = host.history();
    const [started] = history;
    if (started?.type !== "ExecutionStarted") return;
    const lastSeq = history.findLastIndex(({ type }) => type === "ExecutionCompleted");
    for (const [seq, event] of history.entries()) {
      const key = `${started.executionId} ${seq}`;
      if (event.type !== "ExecutionCompleted" || this.#ends.has(key)) continue;
      const mayBeUntold = seq !== lastSeq || !isOver;
      this.#ends.set(key, { instanceId: host.id, status: event.status, taken: new Set(), mayBeUntold });
    }
  }

  #goes(id: string): void {
    this.#gone.set(id, this.#world.nowMs);
    if (!this.#isKept) for (const end of this.#ends.values()) if (end.instanceId === id) end.mayBeUntold = true;
  }

  #answer({ id, url, body, json }: Received): Receipt {
    const [, name = "", seq] = /^msg_(.*)_(\d+)$/.exec(id) ?? [];
    const { executionId } = executionOfName(name);
    const { instanceID, runtimeStatus } = json.data;
    const end = this.#ends.get(`${executionId} ${seq}`) ?? this.#unseen(instanceID, executionId, runtimeStatus);
    this.#tell(`webhook ${id} arrives at ${url}`);
    if (end === undefined) this.violations.push(`${url} hears of ${id}, and nothing has ended there`);
    else if (instanceID !== end.instanceId || runtimeStatus !== end.status)
      this.violations.push(`${end.instanceId}: is ${end.status}, and ${url} hears ${body}`);
    else if (body !== (end.body ?? body)) this.violations.push(`${id} tells once ${end.body} and once ${body}`);
    const receipt = this.#receipt();
    if (end === undefined || receipt !== 204) return receipt;
    end.body ??= body;
    end.taken.add(url);
    return receipt;
  }

  #receipt(): Receipt {
    const { refuses, unreachable, silent } = this.#plan;
    if (this.#happens("receiver refuses", refuses)) return 500;
    if (this.#happens("receiver is not reached", unreachable)) return new Error("ECONNREFUSED: told to");
    return this.#happens("receiver does not answer", silent) ? "silence" : 204;
  }

  #happens(name: string, probability: number): boolean {
    if (this.#hasCeased || this.#left <= 0 || probability === 0 || !this.#random.chance(probability)) return false;
    this.#left--;
    this.#tell(`FAULT ${name}`);
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    return true;
  }
}

/** Executions of a world are numbered as they begin. */
function numberOf(executionId: string): number {
  return Number(executionId.slice("execution-".length));
}
