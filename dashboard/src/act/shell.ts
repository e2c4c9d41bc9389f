/*
 * What the reader could type in place of pressing a button: words for a POSIX shell, which takes nothing of them for itself.
 */

/** What needs no quotes: a shell reads nothing but itself into it. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One word, whatever is in it: between single quotes a shell changes nothing, and a quote itself stands outside of them. */
export function quote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A request to the API. Its body is sent as it is: numbers keep their digits, and what is no JSON stays a text. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `v1.0/`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly body?: string | undefined;
}

/** `url` is the whole address. A token stands there by its name in the environment, never by itself. */
export function curlOf({ method, body }: ApiRequest, url: string, needsToken: boolean): string {
  const words = ["curl"];
  if (method !== "GET") words.push("-X", method);
  // Between double quotes a shell reads the variable, and what is in that is not read again.
  if (needsToken) words.push("-H", '"dapr-api-token: $DAPR_API_TOKEN"');
  words.push(quote(url));
  // `-d @x` would send a file of that name.
  if (body !== undefined) words.push("--data-raw", quote(body));
  return words.join(" ");
}

/** Where the command line looks without being told. */
const DEFAULT_URL = "http://localhost:8787";

/** A command of `npx edge-workflows`; `url` is that of the server, as its `--url` has it. The token is read from the environment. */
export function commandOf(words: readonly string[], url: string): string {
  const server = url.replace(/\/+$/, "");
  const [verb = "", ...rest] = words;
  const all = [
    "npx",
    "edge-workflows",
    ...verb.split(" "),
    ...(server === DEFAULT_URL ? [] : ["--url", server]),
    ...rest,
  ];
  return all.map(quote).join(" ");
}
