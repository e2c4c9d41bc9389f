// [S14] Recovery: what a restart has found open, and what heartbeats have told.
import { describe, expect, it } from "vitest";
import { InstanceStore } from "../../../src/storage/instance-store.ts";
import { plainTexts } from "../../../src/storage/vault.ts";
import { at, change, openInstance } from "./support.ts";

describe("[S14] Recovery", () => {
  it("[S14.1] a result removes the row of its activity, and no other", () => {
    const { store } = openInstance();
    store.countRecovery([1, 2, 3]);
    store.commit(change({ recovered: [2] }));
    expect([...store.recoveries().keys()].toSorted()).toEqual([1, 3]);
  });

  it("[S14.2] who reads a history has every progress decoded: of attempts, of failures, and of heartbeats, counted or not", () => {
    const opened = openInstance();
    const failure = { errorType: "E", message: "m" };
    opened.store.commit(
      change({
        append: [
          at({ type: "TaskScheduled", id: 1, name: "a", attempt: 2, progress: "of an attempt" }),
          at({ type: "TaskFailed", id: 1, failure, progress: "of a failure" }),
        ],
      }),
    );
    opened.store.saveProgress(2, "of a heartbeat");
    opened.store.countRecovery([3]);
    opened.store.saveProgress(3, "of one that was counted");
    opened.store.countRecovery([4]);
    const decoded: string[] = [];
    const store = new InstanceStore(opened.db.port(), {
      ...plainTexts,
      decode: (text) => {
        decoded.push(text);
        return text;
      },
    });
    store.load();
    store.history();
    expect(decoded).toEqual([
      JSON.stringify(failure),
      "of an attempt",
      "of a failure",
      "of a heartbeat",
      "of one that was counted",
    ]);
  });
});
