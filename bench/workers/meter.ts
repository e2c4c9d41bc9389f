import type { DurableObject } from "cloudflare:workers";

/** What all objects of the Worker have cost together since it was last asked. */
export interface Costs {
  rowsWritten: number;
  rowsRead: number;
  /** The writes between two waits are one: the platform makes them safe together. */
  commits: number;
  setAlarms: number;
  /** Calls of a method from outside, and alarms: what the platform bills as requests to an object. */
  requests: number;
}

const NOTHING: Costs = { rowsWritten: 0, rowsRead: 0, commits: 0, setAlarms: 0, requests: 0 };
let costs: Costs = { ...NOTHING };

type ObjectClass<Env> = new (ctx: DurableObjectState, env: Env) => DurableObject<Env>;

/** A subclass that counts. Counting takes time, hence it is used in turns of its own, which are not timed. */
export function metered<Env>(Base: ObjectClass<Env>): ObjectClass<Env> {
  class Metered extends Base {
    constructor(ctx: DurableObjectState, env: Env) {
      watchStorage(ctx.storage);
      super(ctx, env);
    }
  }
  for (const name of Object.getOwnPropertyNames(Base.prototype)) {
    if (name === "constructor") continue;
    const method: (...args: unknown[]) => unknown = Base.prototype[name as keyof DurableObject<Env>] as never;
    Object.defineProperty(Metered.prototype, name, {
      value(this: unknown, ...args: unknown[]) {
        costs.requests++;
        return method.apply(this, args);
      },
    });
  }
  return Metered;
}

/** `GET /costs` answers what was counted since the last time; everything else is for the Worker. */
export function withCosts<Env>(
  fetch: (request: Request, env: Env) => Promise<Response>,
): (request: Request, env: Env) => Promise<Response> {
  return async (request, env) => {
    if (new URL(request.url).pathname !== "/costs") return fetch(request, env);
    for (const settle of unsettled) settle();
    const answer = Response.json(costs);
    costs = { ...NOTHING };
    return answer;
  };
}

const unsettled = new Set<() => void>();

/** A cursor knows its rows only once it has been read, which it has been when the next statement comes. */
function watchStorage(storage: DurableObjectStorage): void {
  let last: SqlStorageCursor<Record<string, SqlStorageValue>> | undefined;
  const settle = () => {
    unsettled.delete(settle);
    if (last === undefined) return;
    costs.rowsWritten += last.rowsWritten;
    costs.rowsRead += last.rowsRead;
    last = undefined;
  };
  // A batch of writes is closed when `sync`, called with its first, says that it is on disk.
  let isOpen = false;
  const sync = storage.sync.bind(storage);
  const wrote = () => {
    if (isOpen) return;
    isOpen = true;
    costs.commits++;
    const close = () => {
      isOpen = false;
    };
    sync().then(close, close);
  };

  const exec = storage.sql.exec.bind(storage.sql);
  storage.sql.exec = ((statement: string, ...bindings: unknown[]) => {
    settle();
    last = exec(statement, ...bindings);
    if (last.rowsWritten > 0) wrote();
    unsettled.add(settle);
    return last;
  }) as typeof storage.sql.exec;

  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = (at, options) => {
    costs.setAlarms++;
    wrote();
    return setAlarm(at, options);
  };
}
