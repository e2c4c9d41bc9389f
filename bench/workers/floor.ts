import { DurableObject } from "cloudflare:workers";
import { type Job, outputOf, sumBelow } from "../job.ts";

interface Env {
  readonly FLOOR: DurableObjectNamespace<Floor>;
}

/**
 * What an instance costs at the very least on this platform: one object, one table, one commit. No workflow code runs
 * and nothing could be recovered from its rows; they only have the number and about the size that a history needs.
 */
export class Floor extends DurableObject<Env> {
  /** Those who wait for the alarm or for the last event. They are in memory, as nobody is to come back from a crash here. */
  #waiting: (() => void)[] = [];
  #alarmRows = 0;
  #eventsLeft = 0;

  async run(job: Job): Promise<number> {
    this.#createTable();
    switch (job.work) {
      case "series":
      case "parallel":
        this.#insert("ExecutionStarted", String(job.n));
        break;
      case "fanout":
        for (let i = 0; i < job.n; i++) this.#insert("TaskScheduled", String(i));
        for (let i = 0; i < job.n; i++) this.#insert("TaskCompleted", String(i));
        break;
      case "payload":
        this.#payload(job.n, "x".repeat(job.bytes ?? 0));
        break;
      case "io":
        return this.#io(job.n, job.url ?? "");
      case "timers":
        await this.#timers(job.n, job.inMs ?? 0);
        break;
      case "children":
        await this.#children(job.n);
        break;
      case "again":
        this.#again(job.n);
        break;
      default:
        this.#steps(job.n);
    }
    return outputOf(job);
  }

  /** A new instance that waits for events or for its alarm. */
  async start({ work, n, inMs = 0 }: Job): Promise<void> {
    this.#createTable();
    if (work === "cold") return this.#steps(n);
    this.#insert("ExecutionStarted", String(n));
    this.#eventsLeft = n;
    if (work === "asleep") await this.ctx.storage.setAlarm(Date.now() + inMs);
  }

  raise(): void {
    this.#insert("EventRaised", "1");
    if (--this.#eventsLeft === 0) this.#wake();
  }

  async finish(): Promise<void> {
    if (this.#eventsLeft > 0) await this.#wait();
  }

  /** What a history of this many rows costs to be read, whoever makes use of it. */
  query(): number {
    const rows = this.ctx.storage.sql
      .exec<{ type: string; payload: string }>("SELECT type, payload FROM history")
      .toArray();
    return rows.reduce((sum, { type, payload }) => (type === "TaskCompleted" ? sum + Number(payload) : sum), 0);
  }

  override alarm(): void {
    for (let i = 0; i < this.#alarmRows; i++) this.#insert("TimerFired", String(i));
    this.#wake();
  }

  /** n steps one after the other: each is two rows, scheduled and completed. All are in one commit. */
  #steps(n: number): void {
    for (let i = 0; i < n; i++) {
      this.#insert("TaskScheduled", String(i));
      this.#insert("TaskCompleted", String(i));
    }
  }

  #payload(n: number, text: string): void {
    for (let i = 0; i < n; i++) {
      this.#insert("TaskScheduled", text);
      this.#insert("TaskCompleted", text);
    }
  }

  /** Each fetch is held back until the row before it is on disk: one commit for each. */
  async #io(n: number, url: string): Promise<number> {
    let length = 0;
    for (let i = 0; i < n; i++) {
      const text = await (await fetch(url)).text();
      length += text.length;
      this.#insert("TaskCompleted", text);
    }
    return length;
  }

  async #timers(n: number, inMs: number): Promise<void> {
    for (let i = 0; i < n; i++) this.#insert("TimerCreated", String(i));
    this.#alarmRows = n;
    void this.ctx.storage.setAlarm(Date.now() + inMs);
    await this.#wait();
  }

  async #children(n: number): Promise<void> {
    const job: Job = { work: "series", n: 1 };
    const run = (i: number) => this.env.FLOOR.getByName(`${this.ctx.id.name}-${i}`).run(job);
    await Promise.all(Array.from({ length: n }, (_, i) => run(i)));
  }

  #again(n: number): void {
    for (let i = 0; i < n; i++) {
      this.ctx.storage.sql.exec("DELETE FROM history");
      this.#insert("ExecutionStarted", String(i));
    }
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #createTable(): void {
    this.ctx.storage.sql.exec("CREATE TABLE history (sequence INTEGER PRIMARY KEY, type TEXT NOT NULL, payload TEXT)");
  }

  #insert(type: string, payload: string): void {
    this.ctx.storage.sql.exec("INSERT INTO history (type, payload) VALUES (?, ?)", type, payload);
  }
}

/** `POST /run`, `/start`, `/raise`, `/finish` and `/query`, each with `?id=`. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const object = env.FLOOR.getByName(searchParams.get("id") ?? "");
    return Response.json({ status: "COMPLETED", output: await ask(object, pathname, request) });
  },
};

async function ask(object: DurableObjectStub<Floor>, pathname: string, request: Request): Promise<number> {
  if (pathname === "/run") return object.run(await request.json<Job>());
  if (pathname === "/query") return object.query();
  if (pathname === "/start") await object.start(await request.json<Job>());
  if (pathname === "/raise") await object.raise();
  const job = pathname === "/finish" ? await request.json<Job>() : undefined;
  if (job !== undefined) await object.finish();
  return job === undefined ? sumBelow(0) : outputOf(job);
}
