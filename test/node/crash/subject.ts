// One instance of the campaign, as its callers see it over however many restarts.
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../random.ts";
import type { Client } from "./client.ts";
import type { StoredInstance } from "./database.ts";
import type { Violation } from "./faults.ts";
import { isOfApi, Waits } from "./harness.ts";
import type { Kind } from "./kinds.ts";
import { TERMINAL } from "./open.ts";
import type { Recorder } from "./recorder.ts";

/** What all subjects have in common. */
export interface Stage {
  readonly client: Client;
  readonly recorder: Recorder;
  /** Nothing new is begun any more: all come to an end. */
  isFinishing: boolean;
  /** How often a request was acknowledged, by what it asked for. */
  readonly acknowledged: Record<"starts" | "events" | "updates" | "operations" | "lives", number>;
  readonly violations: Violation[];
}

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
  isStarted = false;
  /** A start was answered; else it is known from what the instance says of itself. */
  isAcknowledged = false;
  /** Somebody purges it. */
  mayBeGone = false;
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

  async start(query = ""): Promise<void> {
    const { workflow, input } = this.kind;
    const path = `${workflow}/start?instanceID=${this.id}${query}`;
    // A start that was cut off before its answer may have been heard all the same.
    for (;;) {
      this.isAcknowledged = (await this.#once("POST", path, input)) !== undefined;
      if (this.isAcknowledged || (await this.#exists())) break;
    }
    this.isStarted = true;
    this.stage.acknowledged.starts++;
  }

  /** Another life under the ID, whatever there is. */
  async startAgain(n: number, query = ""): Promise<void> {
    const path = `life/start?instanceID=${this.id}${query}`;
    for (;;) {
      this.isAcknowledged = (await this.#once("POST", path, n)) !== undefined;
      if (this.isAcknowledged || (await this.#input()) === n) break;
    }
    this.mayBeGone = false;
    this.stage.acknowledged.lives++;
  }

  /** One whose answer was cut off may have been carried out: the run is another one more then. */
  async restart(): Promise<void> {
    await this.operate("restart");
    this.stage.acknowledged.lives++;
  }

  /** Sent once, whether it is acknowledged or not: a repetition would be another event. */
  async raise(sender: string, n: number): Promise<void> {
    const answer = await this.#once("POST", `${this.id}/raiseEvent/item`, { sender, n });
    this.raised.push({ sender, n, isAcknowledged: answer !== undefined });
    if (answer !== undefined) this.stage.acknowledged.events++;
  }

  /** Of this the workflow takes only the first, so that it may be sent until it is acknowledged. */
  async signal(event: string, payload?: unknown): Promise<void> {
    await this.#insist("POST", `${this.id}/raiseEvent/${event}`, payload);
    this.stage.acknowledged.events++;
  }

  /** By force, and with all below it. One whose answer was cut off may have been carried out: nothing is there to be purged then. */
  async purge(): Promise<void> {
    this.mayBeGone = true;
    while ((await this.#once("POST", `${this.id}/purge?force=true`)) === undefined && (await this.#exists()));
    this.stage.acknowledged.operations++;
  }

  async operate(
    operation: "pause" | "resume" | "terminate" | "cancel" | "restart" | "rewind?requestID=once",
  ): Promise<void> {
    await this.#insist("POST", `${this.id}/${operation}`);
    this.stage.acknowledged.operations++;
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
  async ended(): Promise<void> {
    const answer = await this.#once("GET", `${this.id}?waitFor=completed&timeoutSeconds=1`);
    if (answer !== undefined && TERMINAL.has(JSON.parse(answer.text).runtimeStatus)) return;
    await this.pause(100, 500);
    return this.ended();
  }

  seen(phase: "started" | "finished", label: string, id = this.id): Promise<void> {
    return this.waits.on(`${label} of ${id} ${phase}`, this.stage.recorder.seen(id, phase, label));
  }

  violation(what: Violation["what"], text: string): void {
    this.stage.violations.push({ what, text: `${this.id}: ${text}` });
  }

  /** Its output in the end, and that of others by their IDs. */
  expectEnd(stored: ReadonlyMap<string, StoredInstance>): void {
    if (stored.get(this.id) === undefined && this.kind.isPurged !== true)
      this.violation("lost", "was acknowledged and is not there");
    else this.kind.check(this, (id) => endOf(stored.get(id)));
  }

  async #exists(): Promise<boolean> {
    for (;;) {
      const answer = await this.#send("GET", this.id);
      if (answer !== undefined) return answer.status === 200;
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
}

function endOf(instance: StoredInstance | undefined): End {
  // Of one that was rewound, the end that came last.
  const payload = instance?.history.findLast(({ type }) => type === "ExecutionCompleted")?.payload;
  return { status: instance?.status ?? "missing", output: payload == null ? undefined : JSON.parse(payload) };
}
