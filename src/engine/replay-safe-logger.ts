import { leave } from "./callbacks.ts";

/** Writes nothing while the code is replayed. */
export type ReplaySafeLogger<L> = {
  readonly [Method in "debug" | "info" | "log" | "warn" | "error" as Method extends keyof L ? Method : never]: (
    ...args: unknown[]
  ) => void;
};

/** `execution` says whether the code is replayed at the time of each line. */
export function replaySafeLogger<L extends object>(
  logger: L,
  execution: { readonly isReplaying: boolean },
): ReplaySafeLogger<L> {
  const methods = ["debug", "info", "log", "warn", "error"] as const;
  const safe = methods.flatMap((method) => {
    const write = (logger as Partial<Record<string, unknown>>)[method];
    if (typeof write !== "function") return [];
    const safeWrite = (...args: unknown[]): void => {
      // A logger that writes later is not waited for, and what it says of that is its own affair.
      if (!execution.isReplaying) leave(write.apply(logger, args));
    };
    return [[method, safeWrite] as const];
  });
  return Object.fromEntries(safe) as ReplaySafeLogger<L>;
}
