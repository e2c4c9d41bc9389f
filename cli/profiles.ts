import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { CliError, usage } from "./errors.ts";

/*
 * Profiles: servers by name, in one file that its owner alone may read, because it has tokens.
 */

export interface Profile {
  readonly url?: string;
  readonly token?: string;
  readonly component?: string;
}

interface Profiles {
  /** The one that counts where none is named. */
  readonly current?: string;
  readonly profiles: Readonly<Record<string, Profile>>;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Where the XDG rules put it. A relative path in the variable counts for nothing, as they say. */
export function profilesFile(): string {
  const { XDG_CONFIG_HOME } = process.env;
  const folder = XDG_CONFIG_HOME?.startsWith("/") ? XDG_CONFIG_HOME : join(homedir(), ".config");
  return join(folder, "edge-workflows", "config.json");
}

export function readProfiles(): Profiles {
  let text: string;
  try {
    text = readFileSync(profilesFile(), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { profiles: {} };
    throw new CliError(`the profiles cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  const read = parsed(text);
  if (read !== undefined) return read;
  throw new CliError(`${profilesFile()} is no file of profiles: mend it, or delete it and set them again`);
}

function parsed(text: string): Profiles | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || !isRecord(value.profiles)) return undefined;
    const { current, profiles } = value;
    if (current !== undefined && typeof current !== "string") return undefined;
    return areProfiles(profiles) ? { ...(current !== undefined && { current }), profiles } : undefined;
  } catch {
    return undefined;
  }
}

function areProfiles(value: Record<string, unknown>): value is Record<string, Profile> {
  return Object.values(value).every(isProfile);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isProfile(value: unknown): value is Profile {
  return isRecord(value) && Object.values(value).every((field) => typeof field === "string");
}

/** Whole, or not at all: another process may read it meanwhile. */
export function writeProfiles(profiles: Profiles): void {
  const file = profilesFile();
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(profiles, undefined, 2)}\n`, { mode: 0o600 });
  // The mode of `writeFileSync` is that of a new file alone.
  chmodSync(draft, 0o600);
  renameSync(draft, file);
}

export function checkProfileName(name: string): string {
  if (NAME.test(name)) return name;
  throw usage(`a profile has a name of letters, digits, "-", "_" and ".", found ${JSON.stringify(name)}`);
}

/** That of this name, which somebody has asked for. */
export function profileNamed(name: string, { profiles }: Profiles): Profile {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile !== undefined) return profile;
  const known = Object.keys(profiles);
  throw usage(
    `there is no profile ${JSON.stringify(name)}${known.length === 0 ? "" : `, only ${known.join(", ")}`}. Make it with: edge-workflows profile set ${name} --url URL`,
  );
}
