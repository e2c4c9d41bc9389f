import { listNames } from "../model/near-name.ts";
import { parseDay, parseRfc3339 } from "../model/rfc3339.ts";
import { sha256 } from "../model/sha256.ts";
import { type Caller, isRole, ROLES } from "./role.ts";

/*
 * The tokens of `DAPR_API_TOKENS`, of `DAPR_API_TOKENS_2` and so on, one a line:
 *
 *     name:role:expiry|-:prefix|*:sha256hex
 *
 * A token is never stored, only its SHA-256: it is 256 random bits, so nobody finds it from that, and who can read the configuration can use none.
 * A name may stand in several lines, each with a token of its own: so one is put in the place of another while both count.
 *
 * What cannot be read lets nobody in. It is told with the number of its line and never with what stands there: somebody may have put the token
 * itself where its hash belongs. The command line makes tokens with this file, too.
 */

/** A token as it is configured. Two may have the same name. */
export interface ApiToken extends Caller {
  /** In milliseconds since 1970: it counts before that time. */
  readonly expiresAtMs?: number | undefined;
  readonly hash: string;
}

export interface NewToken extends Pick<Caller, "name" | "role" | "prefix"> {
  /** A day, whose beginning in UTC is meant, or an RFC 3339 time. Default: never. */
  readonly expiry?: string | undefined;
}

export interface ConfiguredTokens {
  readonly tokens: readonly ApiToken[];
  /** Why lines do not count, one text for each. */
  readonly problems: readonly string[];
  /** Whether there is anything at all: then nobody is served without a token. */
  readonly areSet: boolean;
}

/** It is hashed for each request that does not have the token of the admin. */
export const MAX_TOKEN_LENGTH = 512;
const TOKEN_BYTES = 32;
/** Those of IDs that a caller may choose: a line has its parts between colons. */
const PREFIX = /^[\p{L}\p{Nd}_-]{1,64}$/u;
const TOKEN_NAME = /^[\p{L}\p{Nd}._@+-]{1,64}$/u;
const A_NAME = "the name has 1 to 64 letters, digits and . _ @ + -";
const A_PREFIX = "the prefix is the beginning of instance IDs, 1 to 64 letters, digits, _ and -, or * for all";
/** The token that is not in these secrets. */
export const ADMIN = "DAPR_API_TOKEN";
const SECRET = "DAPR_API_TOKENS";
const ALL = "*";
const NONE = "-";
/** An expiry may have colons. */
const LINE = /^([^:]*):([^:]*):(.*):([^:]*):([^:]*)$/;

/** Makes a token. Show it once to whoever is to have it; the line goes into the secret. Throws RangeError for what no line can hold. */
export function makeToken(asked: NewToken): { readonly token: string; readonly line: string } {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  const token = `ew_${base64url(bytes)}`;
  return { token, line: formatTokenLine(asked, token) };
}

/** The line of a token that is there already. */
export function formatTokenLine({ name, role, expiry = NONE, prefix = ALL }: NewToken, token: string): string {
  const line = [name, role, expiry, prefix, sha256(token)].join(":");
  // With a colon in them, name and prefix would be parts of another line.
  const read = !TOKEN_NAME.test(name) ? A_NAME : prefix.includes(":") ? A_PREFIX : readTokenLine(line);
  if (typeof read === "string") throw new RangeError(`A token: ${read}.`);
  if (token === "" || token.length > MAX_TOKEN_LENGTH)
    throw new RangeError(`A token: it has 1 to ${MAX_TOKEN_LENGTH} characters, found ${token.length}.`);
  return line;
}

/** A text says what is wrong, and quotes nothing. */
export function readTokenLine(line: string): ApiToken | string {
  const parts = LINE.exec(line);
  if (parts === null) return "expected name:role:expiry:prefix:hash, with - for no expiry and * for no prefix";
  const [, name = "", role = "", expiry = "", prefix = "", hash = ""] = parts;
  if (!TOKEN_NAME.test(name)) return A_NAME;
  if (name === ADMIN) return `the name ${ADMIN} is that of the secret ${ADMIN}`;
  if (!isRole(role)) return `the role is one of ${listNames(ROLES)}`;
  const expiresAtMs = expiry === NONE ? undefined : timeOf(expiry);
  if (expiry !== NONE && expiresAtMs === undefined)
    return "the expiry is a day such as 2027-01-31, a time such as 2027-01-31T12:00:00Z, seconds since 1970, or - for none";
  if (prefix !== ALL && !PREFIX.test(prefix)) return A_PREFIX;
  if (!/^[\da-f]{64}$/i.test(hash)) return "the hash is the SHA-256 of the token, 64 hexadecimal digits";
  return { name, role, expiresAtMs, prefix: prefix === ALL ? undefined : prefix, hash: hash.toLowerCase() };
}

/** All that the configuration has of them, whatever it has bound. */
export function configuredTokens(env: object): ConfiguredTokens {
  const problems: string[] = [];
  const lines = new Map<string, { readonly token: ApiToken; readonly text: string; readonly where: string }>();
  const ambiguous = new Set<string>();
  let areSet = false;
  for (const [secret, value] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!secret.startsWith(SECRET) || value === undefined || value === "") continue;
    areSet = true;
    if (!/^(_\d+)?$/.test(secret.slice(SECRET.length))) {
      problems.push(
        `a secret whose name begins with ${SECRET} is not read: more are ${SECRET}_2, ${SECRET}_3 and so on`,
      );
      continue;
    }
    if (typeof value !== "string") {
      problems.push(`${secret} is bound as a value of type ${typeof value} and has to be a text`);
      continue;
    }
    for (const [n, given] of value.split("\n").entries()) {
      const line = given.trim();
      if (line === "" || line.startsWith("#")) continue;
      const where = `${secret}, line ${n + 1}`;
      const token = readTokenLine(line);
      if (typeof token === "string") {
        problems.push(`${where}: ${token}`);
        continue;
      }
      const text = JSON.stringify(token);
      const former = lines.get(token.hash);
      if (former !== undefined && former.text !== text) {
        ambiguous.add(token.hash);
        problems.push(`${where} and ${former.where} have the same hash and are otherwise unlike: neither counts`);
      } else lines.set(token.hash, { token, text, where });
    }
  }
  const tokens = [...lines.values()].map(({ token }) => token).filter(({ hash }) => !ambiguous.has(hash));
  return { tokens, problems, areSet };
}

function timeOf(text: string): number | undefined {
  if (/^\d{9,11}$/.test(text)) return Number(text) * 1_000;
  return parseRfc3339(text) ?? parseDay(text);
}

function base64url(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
