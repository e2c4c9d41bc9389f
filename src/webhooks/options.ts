import {
  aBoolean,
  aString,
  type Given,
  optionsOf,
  readOptions,
  required,
  secret,
  shown,
  typeRule,
} from "../model/options.ts";
import { WEBHOOK_EVENTS, type WebhookEvent } from "../model/webhook-event.ts";
import { isPrivateHost } from "./addresses.ts";
import { secretProblem } from "./signature.ts";

/** One receiver of webhooks, as Standard Webhooks 1.0 has them: an entry of the option `webhooks` of `createWorker`. */
export interface WebhookOptions {
  /** Where it listens: https, and no address or name of a private network unless `allowPrivate`. */
  readonly url: string;
  /** `whsec_…`, with which it verifies that the webhooks are ours; several with spaces between them, while one takes the place of another. */
  readonly secret?: string | undefined;
  /** The name of the secret, or variable, that holds it. Either this or `secret` has to be there. */
  readonly secretName?: string | undefined;
  /** Of what it hears. Default: of every end, and of stalls. */
  readonly events?: readonly WebhookEvent[] | undefined;
  /** Of which workflows it hears: names, or beginnings of names with a * behind them. Default: of all. */
  readonly names?: readonly string[] | undefined;
  /** Whether it is sent what the workflow has given back, where that fits into 20 KB. Default false. */
  readonly includeOutput?: boolean | undefined;
  /** For tests, and for networks of your own: http, and private and loopback addresses, are taken, too. Default false. */
  readonly allowPrivate?: boolean | undefined;
}

const texts = (what: string, fits: (text: unknown) => boolean) =>
  typeRule(`a list of ${what}`, (value) => Array.isArray(value) && value.length > 0 && value.every(fits));

const webhookOptions = optionsOf<WebhookOptions>({
  url: required(aString),
  secret: secret(aString),
  secretName: aString,
  events: texts(`events, each ${WEBHOOK_EVENTS.join(", ")}`, (event) =>
    (WEBHOOK_EVENTS as readonly unknown[]).includes(event),
  ),
  names: texts(
    "names of workflows, or beginnings of names with a * behind them",
    (name) => typeof name === "string" && /^([^*]+\*?|\*)$/s.test(name),
  ),
  includeOutput: aBoolean,
  allowPrivate: aBoolean,
});

export const webhooksOption = typeRule("a list of webhooks, each with a url and a secret or secretName", (value) =>
  Array.isArray(value),
);

/** Throws a TypeError or RangeError for what is unknown or wrong. */
export function readWebhooks(given: readonly Given<WebhookOptions>[] = []): WebhookOptions[] {
  const webhooks = given.map((one, index) => {
    const call = `createWorker: webhooks[${index}]`;
    if (typeof one !== "object" || one === null) throw new TypeError(`${call} is an object, found ${shown(one)}`);
    const read = readOptions(webhookOptions, one as WebhookOptions, call) as WebhookOptions;
    check(read, call);
    return read;
  });
  const urls = webhooks.map(({ url }) => new URL(url).href);
  const twice = webhooks.find((_, index) => urls.indexOf(urls[index] ?? "") !== index);
  if (twice !== undefined)
    throw new RangeError(`createWorker: webhooks has ${hostOf(twice.url)} twice, at the same URL`);
  return webhooks;
}

function check({ url, secret: text, secretName, allowPrivate = false }: WebhookOptions, call: string): void {
  const problem = urlProblem(url, allowPrivate);
  if (problem !== undefined) throw new RangeError(`${call}: url ${problem}`);
  if ((text === undefined) === (secretName === undefined))
    throw new TypeError(`${call} has either a secret or a secretName, found ${text === undefined ? "none" : "both"}`);
  const wrong = text === undefined ? undefined : secretProblem(text);
  if (wrong !== undefined) throw new RangeError(`${call}: secret: ${wrong}`);
}

/** Why nothing is sent there. The path, which may hold a key, is not quoted. */
export function urlProblem(text: string, allowPrivate: boolean): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return "is no URL";
  }
  if (url.protocol !== "https:" && !(allowPrivate && url.protocol === "http:"))
    return `begins with https, or with http where allowPrivate is true, found ${url.protocol}`;
  if (url.username !== "" || url.password !== "")
    return "holds a user or a password: receivers know us by the signature";
  if (!allowPrivate && isPrivateHost(url.hostname))
    return `leads into a private network, to ${url.hostname}: unless allowPrivate is true, nothing is sent there`;
  return undefined;
}

/** For messages and the log. */
export function hostOf(url: string): string {
  return new URL(url).host;
}
