import type { InstanceStorage } from "../storage/instance-store.ts";
import type { MemoryStore } from "./memory-store.ts";

/** One stay of an object in memory. */
export class Life {
  isOver = false;
  end: () => void = () => undefined;
  readonly ended = new Promise<void>((resolve) => {
    this.end = () => {
      this.isOver = true;
      resolve();
    };
  });
}

/** A store that serves one life of its object: what is left running of a former one can change nothing. */
export function ofLife(store: MemoryStore, life: Life): InstanceStorage {
  return new Proxy(store, {
    get: (target, name) => {
      if (life.isOver) throw new Error("This object has lost its memory");
      const member = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
