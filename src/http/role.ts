/*
 * Who may do what. A token has one of these roles, and each may do what those before it may: viewers read; starters also start, raise and update;
 * operators do all else that is done to instances, jobs and schedules; admins also purge and rebuild. Each route says in its row which it needs,
 * and a handler asks for more where the query or the body does.
 */

export const ROLES = ["viewer", "starter", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

export function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text);
}

export function includes(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Who asks, as the token says. */
export interface Caller {
  /** Stands in the log, and in the history of what it changes. */
  readonly name: string;
  readonly role: Role;
  /** What the IDs of its instances begin with. */
  readonly prefix?: string | undefined;
}
