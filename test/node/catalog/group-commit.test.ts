// [K22] What comes together is written together.
import { describe, expect, it } from "vitest";
import { GroupCommit } from "../../../src/catalog/group-commit.ts";

/** A group commit of numbers that answers with their text; its commits end when the test says so. */
function commits() {
  const flushes: number[][] = [];
  const pending: { end: () => void; fail: (error: Error) => void }[] = [];
  const fault: { next: Error | undefined } = { next: undefined };
  const commit = new GroupCommit<number, string>({
    write(items) {
      const { next } = fault;
      fault.next = undefined;
      if (next !== undefined) throw next;
      flushes.push([...items]);
      return items.map(String);
    },
    durable: () => new Promise((end, fail) => void pending.push({ end, fail })),
  });
  const settle = async (how: (last: (typeof pending)[number]) => void) => {
    const last = pending.pop();
    if (last === undefined) throw new Error("no commit is under way");
    how(last);
    await new Promise(setImmediate);
  };
  return { commit, flushes, fault, pending, endCommit: () => settle(({ end }) => end()), settle };
}

describe("[K22] Group commit", () => {
  it("[K22.1] one that comes alone is written at once, and its answer waits for nothing", async () => {
    const { commit, flushes, pending } = commits();
    const answer = commit.add(1);
    expect(flushes).toEqual([[1]]);
    expect(await answer).toBe("1");
    expect(pending).toHaveLength(1);
  });

  it("[K22.2] those that come while it is being committed are written together, and each gets its own answer", async () => {
    const { commit, flushes, endCommit, pending } = commits();
    const answers = [1, 2, 3, 4].map((n) => commit.add(n));
    expect(flushes).toEqual([[1]]);
    await endCommit();
    expect(flushes).toEqual([[1], [2, 3, 4]]);
    await endCommit();
    expect(pending).toEqual([]);
    answers.push(commit.add(5));
    expect(flushes).toEqual([[1], [2, 3, 4], [5]]);
    expect(await Promise.all(answers)).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("[K22.3] one commit at a time, however long it takes; when nothing waits, the next is written at once again", async () => {
    const { commit, flushes, endCommit, pending } = commits();
    const answers = [commit.add(1), commit.add(2)];
    await endCommit();
    answers.push(commit.add(3));
    expect([flushes, pending.length]).toEqual([[[1], [2]], 1]);
    await endCommit();
    expect([flushes, pending.length]).toEqual([[[1], [2], [3]], 1]);
    await endCommit();
    answers.push(commit.add(4));
    expect([flushes, pending.length]).toEqual([[[1], [2], [3], [4]], 1]);
    expect(await Promise.all(answers)).toEqual(["1", "2", "3", "4"]);
  });

  it("[K22.4] a flush that fails is told to all who are in it, and to nobody else", async () => {
    const { commit, flushes, fault, endCommit } = commits();
    const first = commit.add(1);
    const failing = [commit.add(2), commit.add(3)];
    fault.next = new Error("SQLITE_FULL");
    await Promise.all([endCommit(), expectRejected(failing, "SQLITE_FULL")]);
    const next = commit.add(4);
    await endCommit();
    expect([await first, await next]).toEqual(["1", "4"]);
    expect(flushes).toEqual([[1], [4]]);
  });

  it("[K22.5] one that fails alone rejects, and the next is not held up for ever", async () => {
    const { commit, flushes, fault, endCommit } = commits();
    fault.next = new Error("SQLITE_FULL");
    await expect(commit.add(1)).rejects.toThrow("SQLITE_FULL");
    const next = commit.add(2);
    await endCommit();
    expect([await next, flushes]).toEqual(["2", [[2]]]);
  });

  it("[K22.6] a commit that fails holds nobody up either", async () => {
    const { commit, flushes, settle } = commits();
    const answers = [commit.add(1), commit.add(2)];
    await settle(({ fail }) => fail(new Error("the object is broken")));
    expect([await Promise.all(answers), flushes]).toEqual([
      ["1", "2"],
      [[1], [2]],
    ]);
  });
});

async function expectRejected(promises: Promise<string>[], message: string): Promise<void> {
  expect(await Promise.allSettled(promises)).toEqual(
    promises.map(() => ({ status: "rejected", reason: new Error(message) })),
  );
}
