import { usage } from "./errors.ts";
import { type Profile, profileNamed, readProfiles } from "./profiles.ts";

/*
 * Which server, and as whom: a flag before a variable before the profile before the default.
 */

export const DEFAULT_URL = "http://localhost:8787";
const DEFAULT_COMPONENT = "dapr";

/** Flags that every command takes which talks to a server. */
export interface ConnectionFlags {
  readonly url?: string;
  readonly token?: string;
  readonly component?: string;
  readonly namespace?: string;
  readonly profile?: string;
  readonly appId?: string;
}

export interface Settings {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token: string | undefined;
  readonly component: string;
  readonly appId: string | undefined;
}

export function settingsOf(flags: ConnectionFlags): Settings {
  const { EDGE_WORKFLOWS_URL, DAPR_API_TOKEN, EDGE_WORKFLOWS_COMPONENT } = process.env;
  const profile = profileOf(flags);
  const url = serverUrl(flags.url || EDGE_WORKFLOWS_URL || profile.url || DEFAULT_URL);
  // The token of a profile is for its server, and is shown to no other.
  const isOfProfile = url === serverUrl(profile.url || DEFAULT_URL);
  return {
    url,
    token: headerToken(flags.token || DAPR_API_TOKEN || (isOfProfile ? profile.token : undefined) || undefined),
    component: flags.component || flags.namespace || EDGE_WORKFLOWS_COMPONENT || profile.component || DEFAULT_COMPONENT,
    appId: flags.appId || undefined,
  };
}

/** Without what the end of a file puts behind it. The text says nothing of the token. */
function headerToken(given: string | undefined): string | undefined {
  const token = given?.trim();
  if (token === undefined || /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(token)) return token || undefined;
  throw usage("the token has characters that no header can hold: is it the token?");
}

function profileOf({ profile }: ConnectionFlags): Profile {
  const profiles = readProfiles();
  const name = profile || process.env.EDGE_WORKFLOWS_PROFILE || profiles.current;
  return name === undefined || name === "" ? {} : profileNamed(name, profiles);
}

/** A password in it would stand in errors and in the list of processes. */
export function serverUrl(text: string): string {
  const given = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  if (!/^https?:[^?#@]*$/i.test(given) || !URL.canParse(given))
    throw usage(
      `the URL of a server is http:// or https:// without user, query and fragment, found ${text.includes("@") ? "one with an @" : JSON.stringify(text)}`,
    );
  return new URL(given).href.replace(/\/+$/, "");
}
