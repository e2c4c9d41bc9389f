// What the tests of the instance share.

import type { WorkflowActivityContext } from "../../../src/engine/activity-context.ts";
import { replayOrder } from "../../../src/engine/rewind.ts";
import type { Task } from "../../../src/engine/task.ts";
import type { InstanceLimits } from "../../../src/instance/limits.ts";
import type {
  InstanceDescription,
  OperationResult,
  StartRequest,
  StartResult,
} from "../../../src/instance/protocol.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import type { Message } from "../../../src/model/message.ts";
import { UnreadableError } from "../../../src/storage/unreadable-error.ts";
import type { Cipher } from "../../../src/storage/vault.ts";
import { eventsOf } from "../../rows.ts";
import { type Chaos, type PeerCall, World } from "./world.ts";

/** What `yield` gives back is up to each workflow. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Code = Generator<Task<any>, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AsyncCode = AsyncGenerator<Task<any>, any, any>;

/** A world with the activities and workflows that most tests need. */
export function makeWorld(limits: Partial<InstanceLimits> = {}): World {
  const world = new World(limits);
  world.activity("echo", (_ctx: WorkflowActivityContext, input: unknown) => input);
  world.activity("slow", async (_ctx: WorkflowActivityContext, ms: number) => {
    await world.sleep(ms);
    return `slept ${ms}`;
  });
  world.activity("fail", () => {
    throw new TypeError("as told");
  });
  world.workflow("echo", (_ctx, input) => input);
  world.workflow("call", function* (ctx, { activity, input }: { activity: string; input: unknown }): Code {
    return yield ctx.callActivity(activity, input);
  });
  world.workflow("event", function* (ctx, name: string): Code {
    return yield ctx.waitForExternalEvent(name);
  });
  world.workflow("timer", function* (ctx, seconds: number): Code {
    yield ctx.createTimer(seconds);
    return "fired";
  });
  world.workflow("parent", function* (ctx, child: { name: string; input?: unknown; id?: string }): Code {
    return yield ctx.callChildWorkflow(child.name, child.input, child.id);
  });
  return world;
}

let requests = 0;

export function start(
  world: World,
  instanceId: string,
  name: string,
  input?: unknown,
  more: Partial<StartRequest> = {},
): Promise<StartResult> {
  const text = input === undefined ? undefined : JSON.stringify(input);
  const request = { instanceId, name, input: text, requestId: `request-${++requests}`, ...more };
  return world.call(instanceId, (instance) => instance.start(request));
}

export function raise(world: World, id: string, name: string, input?: unknown, messageId?: string) {
  const text = input === undefined ? undefined : JSON.stringify(input);
  const request = { name, input: text, messageId: messageId ?? `message-${++requests}` };
  return world.call(id, (instance) => instance.raiseEvent(request));
}
export function suspend(world: World, id: string): Promise<OperationResult> {
  return world.call(id, (instance) => instance.suspend({ reason: "as told" }));
}
export function resume(world: World, id: string): Promise<OperationResult> {
  return world.call(id, (instance) => instance.resume({}));
}
export function terminate(world: World, id: string, output?: string, recursive = true): Promise<OperationResult> {
  return world.call(id, (instance) => instance.terminate({ output, recursive }));
}
/** Purging may wait for messages that are still to be delivered: time goes on meanwhile. */
export async function purge(world: World, id: string, recursive = true): Promise<OperationResult> {
  const answer = world.post(id, (instance) => instance.purge({ recursive }));
  await world.advance(world.limits.watchdogMs + 1);
  return answer;
}
export function describeInstance(world: World, id: string): Promise<InstanceDescription | undefined> {
  return world.call(id, (instance) => instance.describe({ payloads: true }));
}
export async function statusOf(world: World, id: string): Promise<string | undefined> {
  return (await describeInstance(world, id))?.status;
}
/** Status and output, parsed, of an instance: what most tests are about. */
export async function endOf(world: World, id: string): Promise<[status: string | undefined, output: unknown]> {
  const found = await describeInstance(world, id);
  return [found?.status, found?.output === undefined ? undefined : JSON.parse(found.output)];
}

export function historyOf(world: World, id: string): HistoryEvent[] {
  const { db } = world.host(id);
  return db.tables().length === 0 ? [] : world.host(id).history();
}
export function typesOf(world: World, id: string): string[] {
  return historyOf(world, id).map((event) => event.type);
}

/** What is wrong with the stored state of an instance; empty when it is well-formed. */
export function faultsOf(world: World, id: string): string[] {
  const { db } = world.host(id);
  if (db.tables().length === 0) return [];
  const faults: string[] = [];
  const seqs = db.read<{ seq: number }>(`SELECT seq FROM ${eventsOf(db.tables())} ORDER BY seq`).map((row) => row.seq);
  if (seqs.some((seq, n) => seq !== n)) faults.push(`numbers of the history: ${seqs}`);
  const history = historyOf(world, id);
  if (history.length > 0 && history[0]?.type !== "ExecutionStarted") faults.push(`begins with ${history[0]?.type}`);
  let lastMs = 0;
  let lastCall = 0;
  const open = new Map<number, string>();
  const timers = new Map<number, number>();
  const messages = new Set<string>();
  for (const event of history) {
    if (event.timestampMs < lastMs) faults.push(`time goes back at ${event.type}`);
    lastMs = event.timestampMs;
  }
  for (const event of replayed(history)) {
    switch (event.type) {
      case "TaskScheduled":
      case "TimerCreated":
      case "ChildWorkflowInstanceCreated":
      case "DetachedWorkflowScheduled":
      case "EventSent":
      case "ChildCancelRequested":
      case "ChildEventSent":
        if (event.id !== ++lastCall) faults.push(`call ${event.id} (${event.type}) where ${lastCall} was due`);
        open.set(event.id, event.type);
        if (event.type === "TimerCreated") timers.set(event.id, event.fireAtMs);
        break;
      case "TaskCompleted":
      case "TaskFailed":
        if (open.get(event.id) !== "TaskScheduled") faults.push(`${event.type} ${event.id} answers nothing`);
        open.delete(event.id);
        break;
      case "TimerFired":
        if (open.get(event.id) !== "TimerCreated") faults.push(`${event.type} ${event.id} answers nothing`);
        if (event.timestampMs < (timers.get(event.id) ?? 0)) faults.push(`timer ${event.id} fired early`);
        open.delete(event.id);
        break;
      case "ChildWorkflowInstanceCompleted":
      case "ChildWorkflowInstanceFailed":
        if (open.get(event.id) !== "ChildWorkflowInstanceCreated")
          faults.push(`${event.type} ${event.id} answers nothing`);
        open.delete(event.id);
        break;
      case "EventRaised":
        if (event.messageId !== undefined && messages.has(event.messageId))
          faults.push(`${event.messageId} is there twice`);
        messages.add(event.messageId ?? "");
        break;
      default:
    }
  }
  const ends = replayed(history).filter((event) => event.type === "ExecutionCompleted").length;
  if (ends > 1) faults.push(`${ends} ends`);
  for (const owner of ["history", "inbox", "outbox"]) {
    const table = owner === "history" && !db.hasTable("history") ? "instance" : owner;
    const [orphans] = db.read<{ n: number }>(
      `SELECT count(*) AS n FROM chunk WHERE owner = ? AND seq NOT IN (SELECT seq FROM ${table} WHERE chunks IS NOT NULL)`,
      owner,
    );
    if (orphans !== undefined && orphans.n !== 0) faults.push(`${orphans.n} chunks of ${owner} without their row`);
  }
  return faults;
}

/** What a replay makes of it: what was taken back by a rewind is not there. */
export function replayed(history: readonly HistoryEvent[]): readonly HistoryEvent[] {
  return replayOrder(history)?.map(({ event }) => event) ?? history;
}

/** The messages among calls between objects, in order: to whom, and of which type. */
export function messagesOf(calls: readonly PeerCall[]): string[] {
  return calls
    .filter((call) => call.method === "deliver")
    .map((call) => `${call.to} ${(call.argument as Message).type}`);
}

/** A promise that the test settles. */
export function gate<T = void>(): { readonly promise: Promise<T>; open(value: T): void } {
  let open: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open: (value) => open(value) };
}

/** Nothing is left to chance, but calls between objects take as long as `latencyMs` says when they are made. */
export function unshaken(latencyMs: () => number): Chaos {
  return { pick: () => 0, latencyMs, alarmShiftMs: () => 0, ringsAgain: () => false };
}

/** A cipher whose texts tell their key. It writes with the first of its keys and reads with all. */
export function toyCipher(...keys: string[]): () => Cipher {
  return () => ({
    seal: async (text) => `${keys[0]}:${Buffer.from(text).toString("base64")}`,
    open: async (sealed) => {
      const [id = "", text = ""] = sealed.split(":");
      if (!keys.includes(id)) throw new UnreadableError(`there is no key ${id}`);
      return Buffer.from(text, "base64").toString();
    },
  });
}

/** Encrypts; from `hold` to `open`, the sealing of one text takes so long. */
export function holdSealingOf(world: World, held: string): { hold(): void; open(): void } {
  const sealed = gate();
  let isHeld = false;
  world.cipher = () => {
    const cipher = toyCipher("k")();
    const seal = async (text: string) => {
      if (isHeld && text === held) await sealed.promise;
      return cipher.seal(text);
    };
    return { ...cipher, seal };
  };
  return {
    hold: () => {
      isHeld = true;
    },
    open: () => sealed.open(),
  };
}

export function purgeByForce(world: World, id: string): Promise<unknown> {
  return world.post(id, (instance) => instance.purge({ recursive: true, force: true }));
}

/** Its workflow ends while an activity still runs. */
export function leavingWorld(runsForMs: number): World {
  const world = makeWorld();
  world.activity("long", () => world.sleep(runsForMs));
  world.workflow("leaves", function* (ctx): Code {
    yield ctx.createTimer(0.1);
    ctx.callActivity("long");
    return "done";
  });
  return world;
}
