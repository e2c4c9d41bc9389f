// [S12] Inbox: facts in the order in which they came, each taken once.
import { describe, expect, it } from "vitest";
import type { HistoryFact } from "../../../src/model/history-event.ts";
import { at, change, LONG, openInstance, piecesIn, reopen } from "./support.ts";

const raised = (name: string): HistoryFact => ({ type: "EventRaised", name, input: `${name}${LONG}` });
const namesIn = (store: { inbox(): { seq: number; fact: HistoryFact }[] }) =>
  store.inbox().map(({ seq, fact }) => [seq, fact.type === "EventRaised" ? fact.name : fact.type]);

describe("[S12] Inbox", () => {
  it("[S12.1] a turn takes its fact with the pieces of it, and none before or behind it, nor those of other tables", () => {
    const opened = openInstance();
    opened.store.commit(
      change({
        append: [at(raised("h"))],
        send: ["a", "b"].map((to) => ({ to, message: { version: 1, type: "Novelty", text: LONG } as never })),
      }),
    );
    for (const name of ["a", "b", "c"]) opened.store.receive({ fact: raised(name) });
    opened.store.commit(change({ taken: [1] }));
    expect(namesIn(reopen(opened))).toEqual([
      [0, "a"],
      [2, "c"],
    ]);
    expect(piecesIn(opened)).toEqual(["history 1", "inbox 0", "inbox 2", "outbox 0", "outbox 1"]);
  });

  it("[S12.2] numbers go on behind the last fact that a restart finds, and begin anew where it finds none", () => {
    const opened = openInstance();
    for (const name of ["a", "b", "c"]) opened.store.receive({ fact: raised(name) });
    opened.store.commit(change({ taken: [0] }));
    const store = reopen(opened);
    expect(store.receive({ fact: raised("d") }).seq).toBe(3);
    store.commit(change({ taken: [1, 2, 3] }));
    expect(reopen(opened).receive({ fact: raised("e") }).seq).toBe(0);
  });
});
