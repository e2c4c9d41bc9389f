import type { WireBranch } from "./wire.ts";

/** The names of the branches of which it is known that they wait for it: of several things, a branch tells the first. Names of events are compared without regard to case. */
export function waitersFor(branches: readonly WireBranch[] | undefined, wait: string): string[] {
  const known = wait.toLowerCase();
  return (branches ?? []).filter(({ waitingFor }) => waitingFor?.toLowerCase() === known).map(({ name }) => name);
}
