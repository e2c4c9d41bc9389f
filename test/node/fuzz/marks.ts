// What hostile requests say, and whose secrets must not come up in what they are answered.
import type { Caller } from "../../../src/http/role.ts";

/** In bodies, queries and headers: where it comes up later shows what has leaked. */
export const MARKER = "leak-7f3a9c";
/** Instances that nobody but those who name them should reach, and what their payloads say. */
export const VICTIMS = ["victim-1", "victim-2"] as const;
export const VICTIM_SECRET = "victims-own-5d21e8";
/** The secret of the worlds that have one. It is sent in the two headers for it and nowhere else. */
export const TOKEN = "t0ken-91b7c4";

/** Who has a token in these worlds. */
export interface Holder extends Caller {
  readonly token: string;
}
const others: readonly Caller[] = [
  { name: "reader", role: "viewer" },
  { name: "shop", role: "starter" },
  { name: "ops", role: "operator" },
  { name: "tenant", role: "admin", prefix: VICTIMS[0] },
];
export const HOLDERS: readonly Holder[] = [
  { name: "DAPR_API_TOKEN", role: "admin", token: TOKEN },
  ...others.map((caller) => ({ ...caller, token: `${TOKEN}-of-${caller.name}` })),
];
