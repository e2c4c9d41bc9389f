/*
 * Who may do what. A token has one of these roles, and each may do what those before it may: viewers read; starters also start, raise and update;
 * operators do all else that is done to instances, jobs and schedules; admins also purge and rebuild. Each route says in its row which it needs.
 */

export const ROLES = ["viewer", "starter", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];
