import { afterEach, expect } from "vitest";

/** Each test of the file that calls this fails when a promise was rejected in it with nobody to hear. */
export function watchUnhandledRejections(): void {
  const unhandled: unknown[] = [];
  process.on("unhandledRejection", (reason) => void unhandled.push(reason));
  afterEach(() => expect(unhandled).toEqual([]));
}
