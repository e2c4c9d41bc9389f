import { sha256 } from "../model/sha256.ts";
import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { unauthorized } from "./errors.ts";
import type { Caller } from "./role.ts";
import { ADMIN, type ApiToken, type ConfiguredTokens, configuredTokens, MAX_TOKEN_LENGTH } from "./tokens.ts";

type Secrets = Pick<HttpDeps, "apiToken" | "tokens" | "now" | "log">;

const THE_ADMIN: Caller = { name: ADMIN, role: "admin" };

/**
 * Every caller sends the token as `dapr-api-token` (Dapr's header) or as `Authorization: Bearer`; when both are there, Dapr's
 * header decides.
 */
export function checkToken({ request: { headers } }: Call, secrets: Secrets): Caller {
  const bearer = /^bearer +(.+)$/i.exec(headers.get("authorization") ?? "");
  const sent = headers.get("dapr-api-token") ?? bearer?.[1] ?? "";
  const { apiToken } = secrets;
  if (apiToken && isSameToken(sent, apiToken)) return THE_ADMIN;
  const found = findToken(sent, secrets.tokens);
  if (found === undefined) throw unauthorized("invalid api token");
  if (isExpired(found, secrets)) {
    tellExpired(found, secrets);
    throw unauthorized("invalid api token");
  }
  return found;
}

/** Takes as long as `sent` is, whatever the secret is: time tells neither its length nor where the two first differ. */
function isSameToken(sent: string, secret: string): boolean {
  let difference = sent.length === secret.length ? 0 : 1;
  for (let i = 0; i < sent.length; i++) difference |= sent.charCodeAt(i) ^ secret.charCodeAt(i % secret.length);
  return difference === 0;
}

/** Looks at each to its end, wherever the right one stands. */
function findToken(sent: string, tokens: readonly ApiToken[] = []): ApiToken | undefined {
  if (tokens.length === 0 || sent === "" || sent.length > MAX_TOKEN_LENGTH) return undefined;
  const hash = sha256(sent);
  let found: ApiToken | undefined;
  for (const token of tokens) if (isSameToken(hash, token.hash)) found = token;
  return found;
}

function isExpired({ expiresAtMs }: ApiToken, { now }: Pick<Secrets, "now">): boolean {
  return expiresAtMs !== undefined && now() >= expiresAtMs;
}

/** Of whom it has been told: it is the same with each request. */
const told = new WeakSet<ApiToken>();

function tellExpired(token: ApiToken, { log }: Pick<Secrets, "log">): void {
  if (told.has(token)) return;
  told.add(token);
  const since = new Date(token.expiresAtMs ?? 0).toISOString();
  log({ level: "warn", msg: "token", text: `a token '${token.name}' has expired, ${since}, and lets nobody in` });
}

/** What the configuration has of them. What is wrong with it is told in the log, once for each isolate, and quotes nothing. */
export function secretsOf(env: { readonly DAPR_API_TOKEN?: string }, deps: Pick<Secrets, "now" | "log">) {
  const configured = configuredTokens(env);
  const { tokens, problems, areSet } = configured;
  for (const text of problems) deps.log({ level: "error", msg: "token", text });
  for (const token of tokens) if (isExpired(token, deps)) tellExpired(token, deps);
  return {
    apiToken: env.DAPR_API_TOKEN,
    tokens: areSet ? tokens : undefined,
    tokenProblem: tokenProblem(env.DAPR_API_TOKEN, configured),
  };
}

const RIGHT =
  "Set it with: npx wrangler secret put DAPR_API_TOKEN (locally: a line DAPR_API_TOKEN=… in the file .dev.vars)";

/**
 * Why no header could equal the secret as it is configured, or `undefined`. The platform gives what was bound: a number of `[vars]` is a
 * number, and a secret of the Secrets Store is an object that would have to be asked. Compared as texts these would be equal to no token at all.
 */
export function tokenProblem(secret: unknown, others?: ConfiguredTokens): string | undefined {
  if (secret === undefined || secret === "") return noneCounts(others);
  if (typeof secret !== "string")
    return `nobody is served, because DAPR_API_TOKEN is bound as a value of type ${typeof secret} and has to be a text. ${RIGHT}`;
  if (secret !== secret.trim() || /\p{Cc}/u.test(secret))
    return `nobody is served, because DAPR_API_TOKEN begins or ends with white space or has control characters, which no header can carry. ${RIGHT}`;
  return undefined;
}

function noneCounts(others: ConfiguredTokens | undefined): string | undefined {
  if (others === undefined || !others.areSet || others.tokens.length > 0) return undefined;
  return "nobody is served, because DAPR_API_TOKENS is set and none of its lines can be read; the log says why";
}
