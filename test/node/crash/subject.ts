// One instance of the campaign, as its callers see it over however many restarts.
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Random } from "../random.ts";
import type { Client } from "./client.ts";
import type { HistoryRow, StoredInstance } from "./database.ts";
import type { Violation } from "./faults.ts";
import { isOfApi, Waits } from "./harness.ts";
import type { Kind } from "./kind.ts";
import { TERMINAL } from "./open.ts";
import type { Recorder } from "./recorder.ts";

/** What all subjects have in common. */
export interface Stage {
  readonly client: Client;
  readonly recorder: Recorder;
  /** Nothing new is begun any more: all come to an end. */
  isFinishing: boolean;
  /** How often a request was acknowledged, by what it asked for. */
  readonly acknowledged: Record<"starts" | "events" | "updates" | "operations" | "lives" | "jobs", number>;
  readonly violations: Violation[];
  /** Without one there are no lists, and no jobs with a filter. */
  readonly hasCatalog: boolean;
  /** Whether what goes by the alarm of a shard, which takes a minute or two, is waited for. */
  readonly awaitsShards: boolean;
}

/** Who is started. */
export interface StartOf {
  readonly instanceId: string;
  readonly workflow: string;
  readonly input: unknown;
}

const JOBS = "/workflow-jobs/dapr";

interface Raised {
  readonly sender: string;
  readonly n: number;
  readonly isAcknowledged: boolean;
}

export class Subject {
  readonly id: string;
  readonly kind: Kind;
  readonly stage: Stage;
  readonly random: Random;
  /** Who it has started: itself, or a group. Of each whether a start was answered; else it is known from what the instance says of itself. */
  readonly started = new Map<string, boolean>();
  /** Somebody purges it, or it goes by itself. */
  mayBeGone = false;
  /** Were seen to be gone, and stay so. */
  readonly gone = new Set<string>();
  /** Bulk jobs that were acknowledged. */
  readonly jobs: string[] = [];
  /** A number that its caller has drawn. */
  chosen = 0;
  /** Events in the order in which each sender has sent them, each once. */
  readonly raised: Raised[] = [];
  readonly updates: string[] = [];
  /** What its callers wait for. */
  readonly waits = new Waits();

  constructor(id: string, kind: Kind, stage: Stage, random: Random) {
    this.id = id;
    this.kind = kind;
    this.stage = stage;
    this.random = random;
  }

  pause(minMs: number, maxMs: number): Promise<void> {
    return delay(minMs + this.random.next() * (maxMs - minMs));
  }

  async start(query = "", given: Partial<StartOf> = {}): Promise<void> {
    const { workflow, input, instanceId } = { ...this.kind, instanceId: this.id, ...given };
    const path = `${workflow}/start?instanceID=${instanceId}${query}`;
    // A start that was cut off before its answer may have been heard all the same.
    for (;;) {
      const isAcknowledged = (await this.#once("POST", path, input)) !== undefined;
      if (!isAcknowledged && !(await this.#exists(instanceId))) continue;
      this.started.set(instanceId, isAcknowledged);
      break;
    }
    this.stage.acknowledged.starts++;
  }

  /** Until one is acknowledged: each that is sent is an event of its own, and starts the instance if none has done so. */
  async startAndRaise(sender: string, n: number): Promise<void> {
    const { workflow, input } = this.kind;
    const path = `${workflow}/start?instanceID=${this.id}&raiseEvent=item`;
    const isFirst = !this.started.has(this.id);
    const answer = await this.#once("POST", path, { input, eventPayload: { sender, n } });
    this.raised.push({ sender, n, isAcknowledged: answer !== undefined });
    if (answer !== undefined) this.stage.acknowledged.events++;
    if (!isFirst || (answer === undefined && !(await this.#exists()))) return;
    this.started.set(this.id, answer !== undefined);
    this.stage.acknowledged.starts++;
  }

  /** Another life under the ID, whatever there is. */
  async startAgain(n: number, query = ""): Promise<void> {
    const path = `life/start?instanceID=${this.id}${query}`;
    for (;;) {
      const isAcknowledged = (await this.#once("POST", path, n)) !== undefined;
      this.started.set(this.id, isAcknowledged);
      if (isAcknowledged || (await this.#input()) === n) break;
    }
    this.mayBeGone = false;
    this.stage.acknowledged.lives++;
  }

  /** Sent once, whether it is acknowledged or not: a repetition would be another event. */
  async raise(sender: string, n: number): Promise<void> {
    const answer = await this.#once("POST", `${this.id}/raiseEvent/item`, { sender, n });
    this.raised.push({ sender, n, isAcknowledged: answer !== undefined });
    if (answer !== undefined) this.stage.acknowledged.events++;
  }

  /** Of this the workflow takes only the first, so that it may be sent until it is acknowledged. */
  async signal(event: string, payload?: unknown, id = this.id): Promise<void> {
    await this.#insist("POST", `${id}/raiseEvent/${event}`, payload);
    this.stage.acknowledged.events++;
  }

  /** By force, and with all below it. One whose answer was cut off may have been carried out: nothing is there to be purged then. */
  async purge(): Promise<void> {
    this.mayBeGone = true;
    while ((await this.#once("POST", `${this.id}/purge?force=true`)) === undefined && (await this.#exists()));
    this.stage.acknowledged.operations++;
  }

  /** May be sent again until it is acknowledged: what counts each time carries an ID. */
  async operate(operation: string, body?: object): Promise<void> {
    await this.#insist("POST", `${this.id}/${operation}`, body);
    this.stage.acknowledged.operations++;
  }

  /** Begins a bulk job, and resolves when it has ended. One whose answer was cut off may have begun: the next one is one more then. */
  async job(body: object): Promise<void> {
    for (;;) {
      const answer = await this.#once("POST", JOBS, body);
      if (answer === undefined) continue;
      const { jobID } = JSON.parse(answer.text);
      this.jobs.push(jobID);
      this.stage.acknowledged.jobs++;
      return this.waits.on(`the end of ${jobID}`, this.#jobEnded(jobID));
    }
  }

  async #jobEnded(jobId: string): Promise<void> {
    for (;;) {
      const answer = await this.#once("GET", `${JOBS}/${jobId}`);
      if (answer !== undefined && TERMINAL.has(JSON.parse(answer.text).state)) return;
      await this.pause(500, 2_000);
    }
  }

  /** Resolves when the list with this filter has these instances and no others, which is to be soon. */
  async listed(filter: string, instanceIds: readonly string[]): Promise<void> {
    if (!this.stage.hasCatalog) return;
    const expected = instanceIds.toSorted();
    const watch = async () => {
      for (;;) {
        const answer = await this.#once("GET", `?${filter}`);
        const rows: { instanceID: string }[] = answer === undefined ? [] : JSON.parse(answer.text).workflows;
        if (isDeepStrictEqual(rows.map(({ instanceID }) => instanceID).sort(), expected)) return;
        await this.pause(100, 500);
      }
    };
    await this.waits.on(`the list of ${filter} has ${expected}`, watch());
  }

  /** Resolves when it is not there any more. */
  async isGone(instanceId: string): Promise<void> {
    const watch = async () => {
      while (await this.#exists(instanceId)) await this.pause(500, 1_500);
    };
    await this.waits.on(`${instanceId} is gone`, watch());
    this.gone.add(instanceId);
  }

  /** Until its result is known: it has an ID of its own, and counts once. */
  async update(name: string, updateId: string, input?: unknown): Promise<void> {
    const path = `${this.id}/update/${name}?updateID=${updateId}&timeoutSeconds=5`;
    while ((await this.#insist("POST", path, input)) === 202);
    this.stage.acknowledged.updates++;
  }

  async status(): Promise<string> {
    for (;;) {
      const answer = await this.#once("GET", this.id);
      if (answer !== undefined) return JSON.parse(answer.text).runtimeStatus;
    }
  }

  /** Resolves when it has ended, which is to be soon. */
  async ended(id = this.id): Promise<void> {
    const answer = await this.#once("GET", `${id}?waitFor=completed&timeoutSeconds=1`);
    if (answer !== undefined && TERMINAL.has(JSON.parse(answer.text).runtimeStatus)) return;
    await this.pause(100, 500);
    return this.ended(id);
  }

  seen(phase: "started" | "finished", label: string, id = this.id): Promise<void> {
    return this.waits.on(`${label} of ${id} ${phase}`, this.stage.recorder.seen(id, phase, label));
  }

  violation(what: Violation["what"], text: string): void {
    this.stage.violations.push({ what, text: `${this.id}: ${text}` });
  }

  /** Its output in the end, and that of others by their IDs. */
  expectEnd(stored: ReadonlyMap<string, StoredInstance>): void {
    for (const id of this.gone) if (stored.has(id)) this.violation("wrong", `${id} was gone, and is there again`);
    const isMissing = (id: string) => this.kind.isPurged !== true && !stored.has(id);
    const missing = [...this.started.keys()].filter(isMissing);
    for (const id of missing) this.violation("lost", `${id} was acknowledged and is not there`);
    if (this.started.size === 0) this.violation("lost", "was never started");
    if (missing.length === 0 && this.started.size > 0) this.kind.check(this, (id) => endOf(stored.get(id)), stored);
  }

  async #exists(id = this.id): Promise<boolean> {
    for (;;) {
      const answer = await this.#send("GET", id);
      if (answer === undefined || (answer.status >= 500 && !isOfApi(answer.text))) continue;
      if (answer.status === 200 || answer.status === 404) return answer.status === 200;
      this.violation("wrong", `GET ${id} answered ${answer.status}: ${answer.text}`);
      await delay(1_000);
    }
  }

  async #input(): Promise<unknown> {
    for (;;) {
      const answer = await this.#send("GET", this.id);
      if (answer === undefined) continue;
      if (answer.status !== 200) return undefined;
      const input = JSON.parse(answer.text).properties?.["dapr.workflow.input"];
      // Without one it is the empty text, as in Dapr.
      return input ? JSON.parse(input) : undefined;
    }
  }

  #send(method: "GET" | "POST", path: string, body?: unknown) {
    return this.waits.on(`the answer to ${method} ${path}`, this.stage.client.send(method, path, body));
  }

  async #insist(method: "GET" | "POST", path: string, body?: unknown): Promise<number> {
    for (;;) {
      const answer = await this.#once(method, path, body);
      if (answer !== undefined) return answer.status;
    }
  }

  /** A server that is there has no reason to refuse anything here. */
  async #once(method: "GET" | "POST", path: string, body?: unknown) {
    const answer = await this.#send(method, path, body);
    if (answer === undefined || answer.status < 300) return answer;
    // What stands before workerd has not reached it: the connection is lost, as far as anybody knows.
    if (answer.status >= 500 && !isOfApi(answer.text)) {
      this.stage.client.refusals++;
      await delay(100);
      return undefined;
    }
    this.violation("wrong", `${method} ${path} answered ${answer.status}: ${answer.text}`);
    await delay(1_000);
    return undefined;
  }
}

export interface End {
  readonly status: string;
  readonly output: unknown;
  readonly history: readonly HistoryRow[];
}

function endOf(instance: StoredInstance | undefined): End {
  // Of one that was rewound, the end that came last.
  const payload = instance?.history.findLast(({ type }) => type === "ExecutionCompleted")?.payload;
  return {
    status: instance?.status ?? "missing",
    output: payload == null ? undefined : JSON.parse(payload),
    history: instance?.history ?? [],
  };
}
