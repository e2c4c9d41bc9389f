import { DurableObject } from "cloudflare:workers";

interface Env {
  readonly FLOOR: DurableObjectNamespace<Floor>;
}

/**
 * What an instance costs at the very least on this platform: one object, one table, one commit. No workflow code runs
 * and nothing could be recovered from its rows; they only have the number and about the size that a history needs.
 */
export class Floor extends DurableObject<Env> {
  /** A new instance: the table and one row. */
  start(n: number): number {
    this.#createTable();
    this.#insert("ExecutionStarted", String(n));
    return sumBelow(n);
  }

  /** n steps one after the other: each is two rows, scheduled and completed. All are in one commit. */
  sequence(n: number): number {
    this.#createTable();
    for (let i = 0; i < n; i++) {
      this.#insert("TaskScheduled", String(i));
      this.#insert("TaskCompleted", String(i));
    }
    return sumBelow(n);
  }

  /** n steps at once: n rows scheduled, then n rows completed. */
  fanout(n: number): number {
    this.#createTable();
    for (let i = 0; i < n; i++) this.#insert("TaskScheduled", String(i));
    for (let i = 0; i < n; i++) this.#insert("TaskCompleted", String(i));
    return sumBelow(n);
  }

  #createTable(): void {
    this.ctx.storage.sql.exec("CREATE TABLE history (sequence INTEGER PRIMARY KEY, type TEXT NOT NULL, payload TEXT)");
  }

  #insert(type: string, payload: string): void {
    this.ctx.storage.sql.exec("INSERT INTO history (type, payload) VALUES (?, ?)", type, payload);
  }
}

/** The output that the other contestants compute in their steps. */
function sumBelow(n: number): number {
  return (n * (n - 1)) / 2;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const n = Number(searchParams.get("n"));
    const object = env.FLOOR.getByName(searchParams.get("id") ?? "");
    return Response.json({ status: "COMPLETED", output: await run(object, pathname, n) });
  },
};

function run(object: DurableObjectStub<Floor>, pathname: string, n: number): Promise<number> {
  if (pathname === "/start") return object.start(n);
  if (pathname === "/sequence") return object.sequence(n);
  return object.fanout(n);
}
