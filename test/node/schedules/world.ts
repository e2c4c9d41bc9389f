// The schedules of a world: they and their index are objects as instances are, with a database, an alarm and lives of their own.
import { type Declaration, type Deployment, hashOf } from "../../../src/schedules/deployments.ts";
import type { StartedInstance } from "../../../src/schedules/ports.ts";
import type { IndexApi, ScheduleApi } from "../../../src/schedules/protocol.ts";
import { Schedule } from "../../../src/schedules/schedule.ts";
import { ScheduleIndex } from "../../../src/schedules/schedule-index.ts";
import { IndexStore } from "../../../src/schedules/store/index-store.ts";
import { ScheduleStore } from "../../../src/schedules/store/schedule-store.ts";
import { type Fate, Host, type Life, ObjectLostError, type Resident } from "../instance/host.ts";
import { never } from "../instance/timeline.ts";
import type { PeerFault, World } from "../instance/world.ts";

/** A call of a schedule to an instance, to the index, or of the index to a schedule; and what an instance asks back. */
export interface ScheduleCall {
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly argument: unknown;
  /** Lets another copy of it arrive now. */
  readonly repeat: () => void;
}

type Sent = Omit<ScheduleCall, "repeat">;

class Index extends ScheduleIndex implements Resident {
  async alarm(): Promise<void> {}
}

export class ScheduleWorld {
  readonly calls: ScheduleCall[] = [];
  fault: ((call: ScheduleCall) => PeerFault) | undefined;
  /** What the code declares: lives that begin from now on have it. */
  deployment: Deployment = { hash: hashOf([]), declarations: [] };
  readonly #world: World;
  readonly #schedules = new Map<string, Host<Schedule>>();
  readonly #index: Host<Index>;
  readonly #all = new Map<string, Host<Resident>>();

  constructor(world: World) {
    this.#world = world;
    world.others = this.#all;
    this.#index = new Host<Index>(
      "index",
      () => world.codec,
      (host) => async (fate) => this.#openIndex(host, fate),
    );
    this.#all.set("index", this.#index);
  }

  deploy(declarations: readonly Declaration[], madeMs?: number): Deployment {
    this.deployment = { hash: hashOf(declarations), declarations, madeMs };
    return this.deployment;
  }

  host(id: string): Host<Schedule> {
    let host = this.#schedules.get(id);
    if (host === undefined) {
      host = new Host<Schedule>(
        id,
        () => this.#world.codec,
        (host) => async (fate) => this.#open(host, fate),
      );
      this.#schedules.set(id, host);
      this.#all.set(`schedule-${id}`, host);
    }
    return host;
  }

  get ids(): string[] {
    return [...this.#schedules.keys()];
  }

  lose(id: string, kind: "reset" | "process" = "reset"): void {
    const host = id === "index" ? this.#index : this.host(id);
    host.lose(kind, this.#world.nowMs);
  }

  /** Calls a schedule as the HTTP face does. Time is up to the test. */
  post<T>(id: string, call: (schedule: ScheduleApi) => Promise<T>): Promise<T> {
    return this.#posted(this.host(id), call);
  }

  /** Time is up to the test. */
  askLater<T>(call: (index: IndexApi) => Promise<T>): Promise<T> {
    return this.#posted(this.#index, call);
  }

  askIndex<T>(call: (index: IndexApi) => Promise<T>): Promise<T> {
    return this.#settled(this.#posted(this.#index, call));
  }

  /** The same for calls that are answered without time going on. */
  call<T>(id: string, call: (schedule: ScheduleApi) => Promise<T>): Promise<T> {
    return this.#settled(this.post(id, call));
  }

  #posted<R extends Resident, T>(host: Host<R>, call: (resident: R) => Promise<T>): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      this.#world.timeline.add(0, () => void this.#world.serveAt(host, call).then(resolve, reject));
    });
    answer.catch(() => undefined);
    return answer;
  }

  async #settled<T>(answer: Promise<T>): Promise<T> {
    let isAnswered = false;
    const done = () => {
      isAnswered = true;
    };
    answer.then(done, done);
    await this.#world.settle();
    if (!isAnswered) throw new Error("A call is not answered yet: use post, and let time go on");
    return answer;
  }

  #open(host: Host<Schedule>, fate: Fate): Schedule {
    const world = this.#world;
    const { deployment } = this;
    return new Schedule({
      id: host.id,
      store: new ScheduleStore(this.#database(host, fate)),
      now: () => world.nowMs + host.skewMs,
      alarm: {
        initialMs: host.armedAtMs ?? undefined,
        set: (atMs) => void (fate.dead || world.setAlarm(host, atMs)),
        clear: () => void (fate.dead || host.deleteAlarm()),
      },
      instance: (instanceId) => this.#instance(host, fate, instanceId),
      index: () => this.#indexFor(host, fate),
      deployment: () => deployment,
      cipher: { seal: async (text) => `sealed ${text}`, open: async (stored) => stored.replace(/^sealed /, "") },
      wipe: () => {
        if (fate.dead) return never();
        host.wipe();
        return Promise.resolve();
      },
      log: (line) => void (fate.dead || world.log.push(line)),
    });
  }

  #openIndex(host: Host<Index>, fate: Fate): Index {
    const world = this.#world;
    return new Index({
      store: new IndexStore(this.#database(host, fate)),
      now: () => world.nowMs + host.skewMs,
      schedule: (id) => this.#scheduleFor(host, fate, id),
      log: (line) => void (fate.dead || world.log.push(line)),
    });
  }

  #database<R extends Resident>(host: Host<R>, fate: Fate) {
    return host.db.port(
      () => this.#world.onPoint?.("write", host.id),
      () => fate.dead,
    );
  }

  #instance(from: Host<Schedule>, fate: Fate, to: string): StartedInstance {
    const world = this.#world;
    const send = <T>(method: string, argument: unknown, serve: () => Promise<T>) =>
      this.#send(from, fate, { from: from.id, to, method, argument }, serve);
    return {
      start: (request, isOwed) =>
        send("start", request, () =>
          world.serve(to, (instance, life) =>
            instance.start(structuredClone(request), this.#askedBack(from, fate, to, life, isOwed)),
          ),
        ),
      describe: (options) => send("describe", options, () => world.serve(to, (instance) => instance.describe(options))),
      cancel: (request) => send("cancel", request, () => world.serve(to, (instance) => instance.cancel(request))),
      terminate: (request) =>
        send("terminate", request, () => world.serve(to, (instance) => instance.terminate(request))),
    };
  }

  #indexFor(from: Host<Schedule>, fate: Fate): IndexApi {
    const send = <T>(method: string, argument: unknown, call: (index: Index) => Promise<T>) =>
      this.#send(from, fate, { from: from.id, to: "index", method, argument }, () =>
        this.#world.serveAt(this.#index, call),
      );
    return {
      add: (id) => send("add", id, (index) => index.add(id)),
      removeName: (id) => send("removeName", id, (index) => index.removeName(id)),
      list: (after, limit) => send("list", after, (index) => index.list(after, limit)),
      reconcile: (deployment) => send("reconcile", deployment, (index) => index.reconcile(structuredClone(deployment))),
    };
  }

  #scheduleFor(from: Host<Index>, fate: Fate, to: string): ScheduleApi {
    const send = <T>(method: string, call: (schedule: Schedule) => Promise<T>) =>
      this.#send(from, fate, { from: "index", to, method, argument: undefined }, () =>
        this.#world.serveAt(this.host(to), call),
      );
    const notHere = () => Promise.reject(new Error("The index does not ask for this"));
    return {
      create: notHere,
      change: notHere,
      view: notHere,
      remove: notHere,
      trigger: notHere,
      pause: notHere,
      resume: notHere,
      backfill: notHere,
      declare: (declaration, number) => send("declare", (schedule) => schedule.declare(declaration, number)),
      undeclare: (number) => send("undeclare", (schedule) => schedule.undeclare(number)),
    };
  }

  /** Leaves when what was written is durable, travels, and so does its answer. */
  #send<R extends Resident, T>(from: Host<R>, fate: Fate, what: Sent, serve: () => Promise<T>): Promise<T> {
    if (fate.dead) return never();
    const repeat = () => void serve().catch(() => undefined);
    const call: ScheduleCall = { ...structuredClone(what), repeat };
    this.calls.push(call);
    const world = this.#world;
    return new Promise((resolve, reject) => {
      const arrive = (settle: () => void) =>
        world.travel(() => {
          if (!fate.dead) settle();
        });
      const deliver = () => {
        const fault = this.fault?.(call);
        if (fault === "unreachable") return arrive(() => reject(new Error(`'${call.to}' is unreachable`)));
        if (fault === "twice") repeat();
        if (fault === "twice, late") world.travel(repeat);
        serve().then(
          (value) =>
            arrive(() => (fault === "answer lost" ? reject(new Error("The answer was lost")) : resolve(value))),
          (error) => arrive(() => reject(error)),
        );
      };
      from.gated.push(() => world.travel(deliver));
    });
  }

  /** What an instance asks back of the schedule, as part of the call that it has got. */
  #askedBack(from: Host<Schedule>, fate: Fate, to: string, life: Life, ask: () => Promise<boolean>) {
    const world = this.#world;
    return (): Promise<boolean> => {
      if (life.dead) return never();
      return new Promise((resolve, reject) => {
        const arrive = (settle: () => void) =>
          world.travel(() => {
            if (!life.dead) settle();
          });
        const fail = () => arrive(() => reject(new ObjectLostError(`'${from.id}' does not answer any more`)));
        const deliver = () => {
          const repeat = () => void ask();
          const fault = this.fault?.({ from: to, to: from.id, method: "isOwed", argument: undefined, repeat });
          const asked = fate.dead ? undefined : from.life;
          if (asked === undefined || fault === "unreachable") return fail();
          asked.callers.add(fail);
          void ask().then((isOwed) =>
            from.gated.push(() => {
              asked.callers.delete(fail);
              if (fault === "answer lost") fail();
              else arrive(() => resolve(isOwed));
            }),
          );
        };
        world.host(to).gated.push(() => world.travel(deliver));
      });
    };
  }
}
