import { expect, it } from "vitest";
import { HeldWrites } from "../../../src/storage/held-writes.ts";
import { MAX_SHARED_LENGTH, toStored } from "../../../src/storage/history-row.ts";
import { plainTexts } from "../../../src/storage/vault.ts";
import { at, completed } from "./support.ts";

it("[S8.9] a turn without events fits beside any that are held, and one with events does not beside one that is too long", () => {
  const held = new HeldWrites();
  const result = "x".repeat(MAX_SHARED_LENGTH);
  const long = toStored(at({ type: "TaskCompleted", id: 1, result }), plainTexts);
  const short = toStored(completed(2), plainTexts);
  expect([held.isEmpty, held.add([long]), held.add([]), held.add([short]), held.isEmpty]).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});
