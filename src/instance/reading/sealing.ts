import { plainTexts } from "../../storage/vault.ts";
import type { InstancePorts } from "../ports.ts";

/**
 * Reads from and writes to the store where its texts may be encrypted, which takes a while. Without keys both happen at
 * once, and nothing has to be awaited.
 */
export function reading<T>({ vault }: InstancePorts, read: () => T): T | Promise<T> {
  return vault === undefined ? read() : vault.reading(read, (found) => found);
}

/** The same where memory follows what was read: `use` is called in the moment in which it was. */
export function readingInto<T>({ vault }: InstancePorts, read: () => T, use: (found: T) => void): void | Promise<void> {
  return vault === undefined ? use(read()) : vault.reading(read, use);
}

/** `texts`: all that `write` writes. Whatever it depends on may have changed when it is called. */
export function writing<T>({ vault }: InstancePorts, texts: () => string[], write: () => T): T | Promise<T> {
  return vault === undefined ? write() : vault.writing(texts(), write);
}

/** One text that the store has left as it is stored. Rejects, or throws, with UnreadableError. */
export function openText({ vault }: InstancePorts, stored: string): string | Promise<string> {
  return vault === undefined ? plainTexts.decode(stored) : vault.open(stored);
}
