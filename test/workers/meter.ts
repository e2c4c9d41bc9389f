/*
 * What an instance costs: rows written (as the platform bills them), alarms set, and commits.
 *
 * The platform makes one commit of all the writes of one turn of its event loop (workerd, actor-sqlite.c++: the first
 * write opens an implicit transaction and puts its commit at the end of the loop's queue; microtasks run before that).
 * There is no hook for a commit, so it is counted from outside: the first write opens a batch, and `storage.sync()`,
 * called in the same moment, resolves when that batch is on disk, which closes it. Every write in between belongs to
 * the same commit. [W7.1] checks this meter against writes whose commits are known. What it cannot see: a write
 * between the commit and the callback of `sync()`, one turn later at most, counts as part of the batch before.
 */
export interface Costs {
  rowsWritten: number;
  commits: number;
  setAlarms: number;
  deleteAlarms: number;
  /** How often an object was made for the instance: 1 + its evictions. */
  objects: number;
  /** Calls of a shard of the catalog by instances. */
  tellings: number;
  /** Calls of a limiter by instances. */
  asks: number;
}

const costsByName = new Map<string, Costs>();

export function costsOf(instanceId: string): Costs {
  let costs = costsByName.get(instanceId);
  if (costs === undefined) {
    costs = { rowsWritten: 0, commits: 0, setAlarms: 0, deleteAlarms: 0, objects: 0, tellings: 0, asks: 0 };
    costsByName.set(instanceId, costs);
  }
  return costs;
}

/** Puts meters into the object's storage, in place: `ctx.storage` and `ctx.storage.sql` are the same objects each time. */
export function watch(ctx: DurableObjectState): DurableObjectState {
  const { storage } = ctx;
  const costs = costsOf(ctx.id.name ?? "");
  costs.objects++;
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
    const cursor = exec(statement, ...bindings);
    costs.rowsWritten += cursor.rowsWritten;
    if (cursor.rowsWritten > 0) wrote();
    return cursor;
  }) as typeof storage.sql.exec;

  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = (at, options) => {
    costs.setAlarms++;
    wrote();
    return setAlarm(at, options);
  };
  const deleteAlarm = storage.deleteAlarm.bind(storage);
  storage.deleteAlarm = (options) => {
    costs.deleteAlarms++;
    wrote();
    return deleteAlarm(options);
  };
  return ctx;
}
