import type { Call } from "./call.ts";
import { forbidden } from "./errors.ts";
import { type Caller, includes, type Role } from "./role.ts";

/*
 * Who asks, as the token says. Nobody is known while no token is set, and of the client inside the Worker: they may do all.
 *
 * A token with a prefix knows of the instances whose IDs begin with it and of nothing else: the others are not there for it (`mayReach`), and it begins
 * none elsewhere. A route says in its row that its handler sees to that; to all other routes such a token is not let in.
 */

export function needRole({ caller }: Call, needed: Role): void {
  if (caller === undefined || includes(caller.role, needed)) return;
  throw forbidden(`the token '${caller.name}' has the role ${caller.role}, and this needs the role ${needed}`);
}

/** For what is told of all instances, or belongs to none. */
export function needAll({ caller }: Call): void {
  if (caller?.prefix === undefined) return;
  throw forbidden(`${restricted(caller)}, and this is about others, too: it needs a token without a prefix`);
}

/** Whether there may be such an instance, as far as the caller is to know. */
export function mayReach({ caller }: Call, instanceId: string): boolean {
  return caller?.prefix === undefined || instanceId.startsWith(caller.prefix);
}

/** For an instance that the caller is about to begin. */
export function checkMayBegin(call: Call, instanceId: string): void {
  if (call.caller === undefined || mayReach(call, instanceId)) return;
  throw forbidden(`${restricted(call.caller)}, found '${instanceId}'`);
}

/** Of one that the caller has not named. */
export function generatedId({ caller }: Call, deps: { newId(): string }): string {
  return `${caller?.prefix ?? ""}${deps.newId()}`;
}

function restricted({ name, prefix }: Caller): string {
  return `the token '${name}' is for instances whose ID begins with '${prefix}'`;
}
