import { signal } from "@preact/signals";

/** Counts the actions that have been done from this page: whoever shows what they may have changed, reads it again. */
export const changed = signal(0);
