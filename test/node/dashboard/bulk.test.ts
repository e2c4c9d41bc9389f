// [D22] Many at once: what is sent, and the same for a terminal.
import { describe, expect, it } from "vitest";
import { programOf } from "../../../cli/program.ts";
import {
  type BulkOptions,
  bulkJob,
  dryRun,
  OPERATIONS,
  type Targets,
} from "../../../dashboard/src/list/bulk-request.ts";
import { queryOf } from "../../../dashboard/src/list/query-text.ts";
import { readParameters } from "../../../src/catalog/query/parameters.ts";
import { JOB_OPERATIONS } from "../../../src/jobs/job.ts";

const NOTHING: BulkOptions = { reason: "", eventName: "", payload: "", force: false, nonRecursive: false };
const IDS: Targets = { type: "ids", ids: ["a", "b"] };
const FILTER: Targets = { type: "filter", filter: { status: "FAILED", idPrefix: "x" } };
const bodyOf = (text: string | undefined) => JSON.parse(text ?? "");

describe("[D22] what is sent", () => {
  it("[D22.1] first a dry run, then a job for at most as many as it has found", () => {
    expect(bodyOf(dryRun("pause", FILTER).request.body)).toEqual({
      operation: "pause",
      filter: FILTER.filter,
      dryRun: true,
    });
    expect(bodyOf(bulkJob("pause", FILTER, 7, { ...NOTHING, reason: "why" }).request.body)).toEqual({
      operation: "pause",
      filter: FILTER.filter,
      confirm: 7,
      reason: "why",
    });
    expect(bodyOf(bulkJob("resume", IDS, 2, NOTHING).request.body)).toEqual({
      operation: "resume",
      instanceIDs: ["a", "b"],
      confirm: 2,
    });
  });

  it("[D22.2] options go with the operations that have them, and a payload keeps its digits", () => {
    const all: BulkOptions = {
      reason: "",
      eventName: "go",
      payload: "12345678901234567890",
      force: true,
      nonRecursive: true,
    };
    expect(bulkJob("raise", IDS, 2, all).request.body).toBe(
      '{"operation":"raise","instanceIDs":["a","b"],"confirm":2,"eventName":"go","payload":12345678901234567890}',
    );
    expect(Object.keys(bodyOf(bulkJob("purge", IDS, 2, all).request.body))).toEqual([
      "operation",
      "instanceIDs",
      "confirm",
      "force",
      "nonRecursive",
    ]);
    expect(Object.keys(bodyOf(bulkJob("terminate", IDS, 2, all).request.body))).toEqual([
      "operation",
      "instanceIDs",
      "confirm",
      "nonRecursive",
    ]);
    expect(Object.keys(bodyOf(bulkJob("cancel", IDS, 2, all).request.body))).toEqual([
      "operation",
      "instanceIDs",
      "confirm",
    ]);
  });

  it("[D22.3] every operation that there is has its words", () => {
    expect(Object.keys(OPERATIONS).sort()).toEqual([...JOB_OPERATIONS].sort());
  });
});

describe("[D22] the same as a command", () => {
  it.each([
    [{ status: "FAILED,STALLED" }, "Status IN (FAILED, STALLED)"],
    [{ name: "order*", version: "2" }, "Name STARTS_WITH 'order' AND Version = '2'"],
    [
      { idPrefix: "it's", q: "Name = 'a' OR Name = 'b'" },
      "InstanceID STARTS_WITH 'it''s' AND (Name = 'a' OR Name = 'b')",
    ],
    [{ q: "Retrying = true" }, "Retrying = true"],
    [
      { createdAfter: "2026-01-01", endedBefore: "2026-01-02T00:00:00Z" },
      "Created >= '2026-01-01' AND Ended < '2026-01-02T00:00:00Z'",
    ],
    [{ parent: "p", waitingFor: "event:*" }, "Parent = 'p' AND WaitingFor STARTS_WITH 'event:'"],
  ])("[D22.4] the filter %j is the query %s, which the API reads", (filter, query) => {
    expect(queryOf(filter)).toBe(query);
    expect(() => readParameters([["q", query]])).not.toThrow();
  });

  it("[D22.5] of every instance, and of an attribute, there is none", () => {
    expect([queryOf({}), queryOf({ "attr.a": "1" })]).toEqual([undefined, undefined]);
  });

  it("[D22.6] each command and each of its flags is one of the command line's own", () => {
    const all: BulkOptions = { ...NOTHING, reason: "why", force: true, nonRecursive: true };
    for (const operation of JOB_OPERATIONS)
      for (const targets of [IDS, FILTER]) {
        const { command } = bulkJob(operation, targets, 2, all);
        if (command === undefined) {
          expect(["raise", "rerun"]).toContain(operation);
          continue;
        }
        const found = programOf().commands.find((one) => one.name() === command[0]);
        const flags = command.filter((word) => word.startsWith("--"));
        expect([operation, flags.filter((word) => found?.options.some(({ long }) => long === word))]).toEqual([
          operation,
          flags,
        ]);
      }
  });

  it("[D22.7] an ID that the command line takes for another is named in no command, nor are very many", () => {
    const named = (ids: readonly string[]) => bulkJob("pause", { type: "ids", ids }, 1, NOTHING).command;
    expect(named(["-x"])).toEqual(["suspend", "--", "-x"]);
    expect([named(["latest"]), named(Array.from({ length: 51 }, String))]).toEqual([undefined, undefined]);
  });
});
