// [S13] Outbox: messages in the order in which they were asked for, each until it is acknowledged.
import { describe, expect, it } from "vitest";
import type { AddressedMessage } from "../../../src/model/message.ts";
import { at, change, LONG, openInstance, piecesIn, reopen } from "./support.ts";

const to = (target: string): AddressedMessage => ({
  to: target,
  message: { version: 1, type: "RaiseEvent", name: "e", messageId: `m${LONG}` },
});

describe("[S13] Outbox", () => {
  it("[S13.1] an acknowledgement removes its message with the pieces of it, and none before or behind it, nor those of other tables", () => {
    const opened = openInstance();
    const fact = { type: "EventRaised", name: "e", input: LONG } as const;
    for (let n = 0; n < 2; n++) opened.store.receive({ fact });
    opened.store.commit(change({ append: [at(fact)], send: ["a", "b", "c"].map(to) }));
    opened.store.acknowledge(1, undefined);
    expect(reopen(opened).outbox()).toEqual([
      { seq: 0, ...to("a") },
      { seq: 2, ...to("c") },
    ]);
    expect(piecesIn(opened)).toEqual(["history 1", "inbox 0", "inbox 1", "outbox 0", "outbox 2"]);
  });

  it("[S13.2] numbers go on behind the last message that a restart finds, and begin anew where it finds none", () => {
    const opened = openInstance();
    opened.store.commit(change({ send: ["a", "b", "c"].map(to) }));
    opened.store.acknowledge(0, undefined);
    const store = reopen(opened);
    expect(store.commit(change({ send: [to("d")] }))).toEqual([{ seq: 3, ...to("d") }]);
    for (const seq of [1, 2, 3]) store.acknowledge(seq, undefined);
    expect(reopen(opened).commit(change({ send: [to("e")] }))).toEqual([{ seq: 0, ...to("e") }]);
  });

  it("[S13.3] a row of a newer form: UnknownEventError, that says so", () => {
    const opened = openInstance();
    opened.store.commit(change({ send: [to("a")] }));
    opened.db.tamper("UPDATE outbox SET version = 2");
    expect(() => reopen(opened).outbox()).toThrow(
      expect.objectContaining({
        name: "UnknownEventError",
        message: expect.stringContaining("a message of version 2"),
      }),
    );
  });

  it("[S13.4] all is delivered where no message is left, whatever the inbox holds", () => {
    const opened = openInstance();
    expect(opened.store.hasDelivered).toBe(true);
    opened.store.commit(change({ send: [to("a")] }));
    expect([opened.store.hasDelivered, reopen(opened).hasDelivered]).toEqual([false, false]);
    opened.store.acknowledge(0, { fact: { type: "EventRaised", name: "e" } });
    expect([opened.store.hasDelivered, reopen(opened).hasDelivered]).toEqual([true, true]);
  });
});
