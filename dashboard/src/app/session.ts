import { computed, signal } from "@preact/signals";
import type { Role } from "../../../src/http/role.ts";
import { api } from "./api.ts";

/** Who asks, and what is there to be asked. */

/** `GET /v1.0/metadata`, of which only this is read. */
export interface Metadata {
  readonly id: string;
  readonly runtimeVersion: string;
  /** `callerName`, `callerRole` and `callerPrefix` where a token was asked for. */
  readonly extended: Readonly<Record<string, string>>;
  readonly workflows: { readonly workflows: readonly string[]; readonly activities: readonly string[] };
}

export type { Role };

/** Each may do what those before it may. */
const ROLES: readonly Role[] = ["viewer", "starter", "operator", "admin"];

/** A part of each path of the API; it filters nothing. */
export const component = "dapr";

export const metadata = signal<Metadata | undefined>(undefined);

/** What the caller's token may do. Open mode may do everything. */
export const role = computed<Role>(() => {
  const told = metadata.value?.extended.callerRole;
  return ROLES.find((one) => one === told) ?? "admin";
});

/** What the IDs of all instances begin with that the caller's token is for; `undefined`: it is for all. */
export const prefix = computed(() => metadata.value?.extended.callerPrefix);

export function may(needed: Role): boolean {
  return ROLES.indexOf(role.value) >= ROLES.indexOf(needed);
}

/** What the reader is told where this page and the server are of two releases; files that were copied have to be copied again. */
export const versionWarning = computed(() => {
  const version = metadata.value?.runtimeVersion;
  if (version === undefined || version === __VERSION__) return undefined;
  return `This page is of version ${__VERSION__}, and the server of ${version}. Copy it again: npx edge-workflows dashboard copy DIRECTORY`;
});

export async function loadMetadata(): Promise<void> {
  metadata.value = await api.get<Metadata>("metadata");
}
