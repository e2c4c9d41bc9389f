// What hostile requests say, and whose secrets must not come up in what they are answered.

/** In bodies, queries and headers: where it comes up later shows what has leaked. */
export const MARKER = "leak-7f3a9c";
/** Instances that nobody but those who name them should reach, and what their payloads say. */
export const VICTIMS = ["victim-1", "victim-2"] as const;
export const VICTIM_SECRET = "victims-own-5d21e8";
/** The secret of the worlds that have one. It is sent in the two headers for it and nowhere else. */
export const TOKEN = "t0ken-91b7c4";
