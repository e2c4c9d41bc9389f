// Instances that go by themselves, some time after their end.
import { expectStatus, type Kind } from "./kind.ts";

export const RETENTION_KINDS: readonly Kind[] = [
  {
    // Goes at once, by itself, whether there is a catalog or not; its child does not.
    name: "retention of 0s",
    workflow: "household",
    isPurged: true,
    play: async (subject) => {
      subject.mayBeGone = true;
      await subject.start("&retention=0s");
      await subject.seen("finished", "last", `${subject.id}:0001`);
      await subject.isGone(subject.id);
    },
    check: (subject, endOf) => {
      expectStatus(subject, subject.id, endOf(subject.id), "missing");
      expectStatus(subject, `${subject.id}:0001`, endOf(`${subject.id}:0001`), "COMPLETED");
    },
  },
  {
    // By the shard's alarm, within a minute or two; without a catalog by its own, at its time.
    name: "retention of 1s",
    workflow: "life",
    input: 0,
    isPurged: true,
    play: async (subject) => {
      subject.mayBeGone = true;
      await subject.start("&retention=1s");
      await subject.seen("finished", "last of 0");
      if (subject.stage.awaitsShards) await subject.isGone(subject.id);
    },
    check: (subject, endOf) => {
      const { status } = endOf(subject.id);
      // Nobody has waited for the shard.
      if (status === "COMPLETED" && !subject.stage.awaitsShards) return;
      expectStatus(subject, subject.id, endOf(subject.id), "missing");
    },
  },
];
