import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HistoryFact } from "../../../src/model/history-event.ts";
import type { Message } from "../../../src/model/message.ts";
import { at, change, openInstance, reopen } from "./support.ts";

const SEED = Number(process.env.STORAGE_SEED ?? 20_261_124);
const PIECE = 349_525;

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(
    "",
    "null",
    "\0",
    "a\0b",
    "\u0001\u001f\u007f\u2028\ufeff",
    "😀",
    '{"a":1}',
    "'; DROP TABLE history; --",
  ),
);
const maybe = fc.option(text, { nil: undefined });
const id = fc.integer({ min: 1, max: 2 ** 31 });
const ms = fc.integer({ min: 0, max: 8.64e15 });
const failure = fc.oneof(
  fc.record({ errorType: text, message: text }),
  fc.record({ errorType: text, message: text, stackTrace: text, isNonRetriable: fc.boolean() }),
);
const asked = { reason: maybe, actor: maybe };
const place = { failedAt: id, askedFrom: id, answerStays: fc.constantFrom(true as const, undefined) };
const parent = fc.record({ instanceId: text, executionId: text, name: text, taskId: id });
const of = <T extends HistoryFact["type"]>(type: T) => fc.constant(type);

/** One for each type; the compiler asks for those that are missing. */
const facts: { [T in HistoryFact["type"]]: fc.Arbitrary<Extract<HistoryFact, { type: T }>> } = {
  ExecutionStarted: fc.record({
    type: of("ExecutionStarted"),
    name: text,
    executionId: text,
    generation: fc.nat(),
    version: maybe,
    input: maybe,
    parent: fc.option(parent, { nil: undefined }),
    traceparent: maybe,
    ...asked,
  }),
  TaskScheduled: fc.oneof(
    fc.record({ type: of("TaskScheduled"), id, name: text, input: maybe }),
    fc.record({
      type: of("TaskScheduled"),
      id,
      name: text,
      input: maybe,
      attempt: id,
      firstId: id,
      timeoutMs: ms,
      deadlineAtMs: ms,
      heartbeatTimeoutMs: ms,
      progress: text,
    }),
    fc.record({ type: of("TaskScheduled"), id, name: text, input: maybe, heartbeatTimeoutMs: ms }),
  ),
  TaskCompleted: fc.record({ type: of("TaskCompleted"), id, result: maybe }),
  TaskFailed: fc.oneof(
    fc.record({ type: of("TaskFailed"), id, failure }),
    fc.record({ type: of("TaskFailed"), id, failure, progress: fc.json() }),
  ),
  TimerCreated: fc.record({ type: of("TimerCreated"), id, fireAtMs: ms }),
  TimerFired: fc.record({ type: of("TimerFired"), id }),
  EventRaised: fc.record({
    type: of("EventRaised"),
    name: text,
    input: maybe,
    messageId: fc.option(fc.uuid(), { nil: undefined }),
    ...asked,
  }),
  ChildWorkflowInstanceCreated: fc.record({
    type: of("ChildWorkflowInstanceCreated"),
    id,
    name: text,
    instanceId: text,
    input: maybe,
  }),
  ChildWorkflowInstanceCompleted: fc.record({ type: of("ChildWorkflowInstanceCompleted"), id, result: maybe }),
  ChildWorkflowInstanceFailed: fc.record({ type: of("ChildWorkflowInstanceFailed"), id, failure }),
  DetachedWorkflowScheduled: fc.record({
    type: of("DetachedWorkflowScheduled"),
    id,
    name: text,
    instanceId: text,
    input: maybe,
    startAtMs: ms,
  }),
  EventSent: fc.record({ type: of("EventSent"), id, name: text, instanceId: text, input: maybe }),
  ChildCancelRequested: fc.record({
    type: of("ChildCancelRequested"),
    id,
    taskId: id,
    instanceId: text,
    reason: maybe,
  }),
  ChildEventSent: fc.record({
    type: of("ChildEventSent"),
    id,
    taskId: id,
    name: text,
    instanceId: text,
    input: maybe,
  }),
  PatchRecorded: fc.record({ type: of("PatchRecorded"), name: text }),
  UpdateRequested: fc.record({ type: of("UpdateRequested"), updateId: text, name: text, input: maybe, ...asked }),
  UpdateCompleted: fc.record({ type: of("UpdateCompleted"), updateId: text, result: maybe }),
  UpdateFailed: fc.record({ type: of("UpdateFailed"), updateId: text, failure, rejected: fc.boolean() }),
  ExecutionCancelRequested: fc.record({ type: of("ExecutionCancelRequested"), ...asked }),
  ExecutionStalled: fc.record({
    type: of("ExecutionStalled"),
    reason: fc.constantFrom("VERSION_NOT_AVAILABLE" as const, "PATCH_MISMATCH" as const, "NON_DETERMINISM" as const),
    message: text,
    beforeFirstTurn: fc.boolean(),
  }),
  ExecutionUnstalled: fc.record({ type: of("ExecutionUnstalled") }),
  ExecutionSuspended: fc.record({ type: of("ExecutionSuspended"), ...asked }),
  ExecutionResumed: fc.record({ type: of("ExecutionResumed"), ...asked }),
  ExecutionTerminated: fc.record({
    type: of("ExecutionTerminated"),
    output: maybe,
    recursive: fc.boolean(),
    ...asked,
  }),
  ExecutionCompleted: fc.oneof(
    fc.record({
      type: of("ExecutionCompleted"),
      status: fc.constantFrom("COMPLETED" as const, "TERMINATED" as const),
      output: maybe,
    }),
    fc.record({
      type: of("ExecutionCompleted"),
      status: fc.constantFrom("FAILED" as const, "CANCELED" as const),
      failure,
    }),
    fc.record({ type: of("ExecutionCompleted"), status: fc.constant("FAILED" as const), failure, ...place }),
  ),
  ExecutionRewound: fc.record({ type: of("ExecutionRewound"), requestId: text, ...place, ...asked }),
  ExecutionVersionChanged: fc.record({
    type: of("ExecutionVersionChanged"),
    requestId: text,
    version: text,
    ...asked,
  }),
};

describe("[S1] What is stored is what is read", () => {
  it.each(Object.keys(facts) as HistoryFact["type"][])("[S1.1] %s, through history and inbox", (type) => {
    fc.assert(
      fc.property(fc.array(facts[type] as fc.Arbitrary<HistoryFact>, { minLength: 1, maxLength: 30 }), (all) => {
        const opened = openInstance();
        opened.store.commit(change({ append: all.map((fact) => at(fact)) }));
        for (const fact of all) opened.store.receive({ fact, executionId: "e1" });
        const again = reopen(opened);
        expect(again.history().slice(1)).toEqual(all.map((fact) => at(fact)));
        expect(again.inbox()).toEqual(all.map((fact, seq) => ({ seq, fact, executionId: "e1", dueAtMs: undefined })));
      }),
      { seed: SEED, numRuns: 50 },
    );
  });

  it("[S1.2] messages, through the outbox", () => {
    const outcome = fc.oneof(
      fc.record({ ok: fc.constant(true as const), result: text }),
      fc.record({ ok: fc.constant(false as const), failure }),
    );
    const version = fc.constant(1 as const);
    const message: fc.Arbitrary<Message> = fc.oneof(
      fc.record({ version, type: fc.constant("StartChild" as const), name: text, input: text, parent }),
      fc.record({
        version,
        type: fc.constant("RewindChild" as const),
        name: text,
        input: text,
        parent,
        formerExecutionId: text,
        isFatal: fc.boolean(),
      }),
      fc.record({ version, type: fc.constant("ChildEnded" as const), parentExecutionId: text, taskId: id, outcome }),
      fc.record({
        version,
        type: fc.constant("Terminate" as const),
        parent: fc.record({ instanceId: text, executionId: text }),
        output: text,
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ to: text, message }), { minLength: 1, maxLength: 10 }), (send) => {
        const opened = openInstance();
        const sent = opened.store.commit(change({ send }));
        expect(sent).toEqual(send.map((one, seq) => ({ seq, ...one })));
        expect(reopen(opened).outbox()).toEqual(sent);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  const border = [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 1];
  const longs: [string, string][] = [
    ...border.map((n): [string, string] => [`${n} letters`, "x".repeat(n)]),
    ...border.map((n): [string, string] => [`${n} letters of three bytes`, "日".repeat(n)]),
    ["5 MB", "0123456789".repeat(500_000)],
    ["a surrogate pair over the border", `${"x".repeat(PIECE - 1)}😀${"y".repeat(PIECE)}`],
    ["a surrogate pair just before the border", `${"x".repeat(PIECE - 2)}😀y`],
    [
      "the first and the last surrogate pairs over the border",
      `${"x".repeat(PIECE - 1)}\u{10000}${"y".repeat(PIECE - 3)}\u{10FFFF}y`,
    ],
    ["the last surrogate pair over the border", `${"x".repeat(PIECE - 1)}\u{10FFFF}y`],
    ["surrogate pairs only, odd", `x${"😀".repeat(PIECE)}`],
    ["NUL at the border", `${"x".repeat(PIECE - 1)}\0\0y`],
    [
      "all control characters",
      Array.from({ length: 0xa0 }, (_, n) => String.fromCharCode(n))
        .join("")
        .repeat(3_000),
    ],
  ];

  it.each(longs)("[S1.3] a payload of %s: history, inbox, outbox", (_, payload) => {
    const opened = openInstance();
    const fact: HistoryFact = { type: "EventRaised", name: "go", input: payload, messageId: "m" };
    const message: Message = {
      version: 1,
      type: "Terminate",
      parent: { instanceId: "p", executionId: "e" },
      output: payload,
    };
    opened.store.receive({ fact });
    opened.store.commit(
      change({
        append: [at(fact), at({ type: "TaskCompleted", id: 1, result: payload })],
        send: [{ to: "b", message }],
      }),
    );
    const again = reopen(opened);
    const same = (read: string | undefined) => read === payload;
    const [, raised, completed] = again.history();
    expect(raised?.type === "EventRaised" && same(raised.input)).toBe(true);
    expect(completed?.type === "TaskCompleted" && same(completed.result)).toBe(true);
    const [entry] = again.inbox();
    expect(entry?.fact.type === "EventRaised" && same(entry.fact.input)).toBe(true);
    const [sent] = again.outbox();
    expect(sent?.message.type === "Terminate" && same(sent.message.output)).toBe(true);
  });

  it.each(longs)("[S1.4] a payload of %s: no row of more than 2 MB, no half of a surrogate pair", (_, payload) => {
    const opened = openInstance();
    opened.store.commit(change({ append: [at({ type: "TaskCompleted", id: 1, result: payload })] }));
    const pieces = [
      ...opened.db.read<{ text: string | null }>("SELECT payload AS text FROM instance WHERE seq >= 0"),
      ...opened.db.read<{ text: string | null }>("SELECT text FROM chunk"),
    ];
    for (const { text: piece } of pieces) {
      expect(Buffer.byteLength(piece ?? "")).toBeLessThanOrEqual(1_048_576);
      expect((piece ?? "").isWellFormed()).toBe(true);
    }
    const long = payload.length > PIECE;
    expect(opened.db.read("SELECT * FROM chunk").length > 0).toBe(long);
  });

  it("[S1.5] the start's input may be long, at once or scheduled", () => {
    const input = "x".repeat(PIECE + 1);
    for (const dueAtMs of [undefined, 9_000]) {
      const opened = openInstance();
      const started = {
        type: "ExecutionStarted",
        timestampMs: 1,
        name: "w",
        executionId: "e2",
        generation: 0,
        input,
      } as const;
      opened.store.create(
        { instanceId: "a", name: "w", status: "PENDING", executionId: "e2", generation: 0, createdAtMs: 1 },
        started,
        dueAtMs,
      );
      const again = reopen(opened);
      const fact = dueAtMs === undefined ? again.history()[0] : again.inbox()[0]?.fact;
      expect(fact?.type === "ExecutionStarted" && fact.input === input).toBe(true);
    }
  });
});

describe("[S2] Pieces go with their rows", () => {
  const long = (n: number) => String(n).repeat(PIECE + 1);
  const pieces = (opened: ReturnType<typeof openInstance>) =>
    opened.db
      .read<{ owner: string; seq: number }>("SELECT DISTINCT owner, seq FROM chunk ORDER BY owner, seq")
      .map(({ owner, seq }) => `${owner} ${seq}`);
  const raised = (n: number): HistoryFact => ({ type: "EventRaised", name: "go", input: long(n) });
  const terminate = (n: number): Message => ({
    version: 1,
    type: "Terminate",
    parent: { instanceId: "p", executionId: "e" },
    output: long(n),
  });

  it("[S2.1] of inbox rows with the commit that takes them, of messages with their acknowledgement", () => {
    const opened = openInstance();
    for (const n of [1, 2]) opened.store.receive({ fact: raised(n) });
    opened.store.commit(
      change({ append: [at(raised(1))], taken: [0], send: [1, 2].map((n) => ({ to: "b", message: terminate(n) })) }),
    );
    expect(pieces(opened)).toEqual(["history 1", "inbox 1", "outbox 0", "outbox 1"]);
    opened.store.acknowledge(0, undefined);
    expect(pieces(opened)).toEqual(["history 1", "inbox 1", "outbox 1"]);
    expect(reopen(opened).outbox()).toHaveLength(1);
  });

  it("[S2.2] of the history with continue-as-new; inbox and outbox keep theirs", () => {
    const opened = openInstance();
    opened.store.receive({ fact: raised(1) });
    opened.store.commit(change({ append: [at(raised(2))], send: [{ to: "b", message: terminate(3) }] }));
    opened.store.commit(
      change({ newHistory: [at({ type: "ExecutionStarted", name: "w", executionId: "e2", generation: 1 })] }),
    );
    expect(pieces(opened)).toEqual(["inbox 0", "outbox 0"]);
    expect(reopen(opened).history()).toHaveLength(1);
  });

  it.each([
    ["missing", "DELETE FROM chunk WHERE part = 1"],
    ["too many", "INSERT INTO chunk SELECT owner, seq, 9, text FROM chunk WHERE part = 1"],
  ])("[S2.3] a piece that is %s is found out", (_, tamper) => {
    const opened = openInstance();
    opened.store.commit(change({ append: [at(raised(1))] }));
    opened.db.tamper(tamper);
    expect(() => reopen(opened).history()).toThrow(/should have \d pieces/);
  });

  it("[S2.4] numbers of rows that are gone may come again, with no trace of the old payload", () => {
    const opened = openInstance();
    opened.store.receive({ fact: raised(1) });
    opened.store.commit(change({ taken: [0] }));
    const store = reopen(opened);
    const entry = store.receive({ fact: raised(2) });
    expect(store.inbox()).toEqual([
      { seq: entry.seq, fact: { ...raised(2), messageId: undefined }, executionId: undefined, dueAtMs: undefined },
    ]);
  });
});
