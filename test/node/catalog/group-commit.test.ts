// [K22] What comes together is written together.
import { describe, expect, it } from "vitest";
import { GroupCommit } from "../../../src/catalog/group-commit.ts";

/** A group commit of numbers that answers with their text; its windows end when the test says so. */
function commits() {
  const flushes: number[][] = [];
  const windows: { ms: number; end: () => void }[] = [];
  const fault: { next: Error | undefined } = { next: undefined };
  const commit = new GroupCommit<number, string>({
    write(items) {
      const { next } = fault;
      fault.next = undefined;
      if (next !== undefined) throw next;
      flushes.push([...items]);
      return items.map(String);
    },
    schedule: (ms, callback) => void windows.push({ ms, end: callback }),
  });
  return { commit, flushes, fault, windows, endWindow: () => windows.at(-1)?.end() };
}

describe("[K22] Group commit", () => {
  it("[K22.1] one that comes alone is written at once", async () => {
    const { commit, flushes } = commits();
    const answer = commit.add(1);
    expect(flushes).toEqual([[1]]);
    expect(await answer).toBe("1");
  });

  it("[K22.2] those that come within a window of it are written together, and each gets its own answer: 1 ms, and 5 while they come together", async () => {
    const { commit, flushes, windows, endWindow } = commits();
    const answers = [1, 2, 3, 4].map((n) => commit.add(n));
    expect(flushes).toEqual([[1]]);
    endWindow();
    expect(flushes).toEqual([[1], [2, 3, 4]]);
    endWindow();
    answers.push(commit.add(5));
    expect(windows.map(({ ms }) => ms)).toEqual([1, 5, 1]);
    expect(await Promise.all(answers)).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("[K22.3] under load there is a flush for each window; when nothing waits, the next is written at once again", async () => {
    const { commit, flushes, endWindow } = commits();
    const answers = [commit.add(1), commit.add(2)];
    endWindow();
    answers.push(commit.add(3));
    expect(flushes).toEqual([[1], [2]]);
    endWindow();
    endWindow();
    answers.push(commit.add(4));
    expect(flushes).toEqual([[1], [2], [3], [4]]);
    expect(await Promise.all(answers)).toEqual(["1", "2", "3", "4"]);
  });

  it("[K22.4] a flush that fails is told to all who are in it, and to nobody else", async () => {
    const { commit, flushes, fault, endWindow } = commits();
    const first = commit.add(1);
    const failing = [commit.add(2), commit.add(3)];
    fault.next = new Error("SQLITE_FULL");
    endWindow();
    const next = commit.add(4);
    endWindow();
    expect(await Promise.allSettled(failing)).toEqual(
      failing.map(() => ({ status: "rejected", reason: new Error("SQLITE_FULL") })),
    );
    expect([await first, await next]).toEqual(["1", "4"]);
    expect(flushes).toEqual([[1], [4]]);
  });

  it("[K22.5] one that fails alone rejects, and the next is not held up by more than its window", async () => {
    const { commit, flushes, fault, endWindow } = commits();
    fault.next = new Error("SQLITE_FULL");
    await expect(commit.add(1)).rejects.toThrow("SQLITE_FULL");
    const next = commit.add(2);
    endWindow();
    expect([await next, flushes]).toEqual(["2", [[2]]]);
  });
});
