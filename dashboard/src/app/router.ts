import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";

/*
 * Where the reader is, in the hash: `#/i/order-1?tab=history`. It works under any path, needs no server, and keeps IDs out of access logs. What a
 * page shows is in its address, so that a link shows the same.
 */

export interface Route {
  /** The first segment; empty for the overview. */
  readonly page: string;
  /** The segments behind it, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

export type QueryValue = string | number | boolean | null | undefined;
export type Query = Readonly<Record<string, QueryValue>>;

const hash = signal(typeof location === "undefined" ? "" : location.hash);

export const route: ReadonlySignal<Route> = computed(() => parse(hash.value));

/** Begins to follow the address; called once. Another page begins at its top, unless it knows where it was. */
export function followAddress(): void {
  history.scrollRestoration = "manual";
  addEventListener("hashchange", () => {
    hash.value = location.hash;
  });
  let shown = placeOf(route.value);
  effect(() => {
    const place = placeOf(route.value);
    if (place === shown) return;
    shown = place;
    scrollTo(0, 0);
  });
}

function placeOf({ page, path }: Route): string {
  return [page, ...path].join("\n");
}

export function parse(text: string): Route {
  const [path = "", query = ""] = splitOnce(text.replace(/^#?\/?/, ""), "?");
  const [page = "", ...rest] = path.split("/").map(decode);
  return { page, path: rest, query: new URLSearchParams(query) };
}

/** `href("i", "order 1", { tab: "history" })` is `#/i/order%201?tab=history`. What is undefined, null or empty is left out. */
export function href(page: string, ...rest: (string | Query)[]): string {
  const path = [page];
  const query = new URLSearchParams();
  for (const part of rest) {
    if (typeof part === "string") path.push(part);
    else for (const [name, value] of Object.entries(part)) put(query, name, value);
  }
  const search = query.size === 0 ? "" : `?${query}`;
  return `#/${path.map(encodeURIComponent).join("/")}${search}`;
}

export function go(to: string, { replace = false } = {}): void {
  if (replace) history.replaceState(history.state, "", to);
  else history.pushState(null, "", to);
  hash.value = location.hash;
}

/** The page anew, which after a deploy has files of other names; where it was is in its address. Not where that would lose what is shown. */
export function reload(): void {
  fetch(location.href).then(
    ({ ok }) => ok && location.reload(),
    () => undefined,
  );
}

/** Changes a part of the query, and leaves the rest of the address as it is. */
export function setQuery(changes: Query, options: { replace?: boolean } = {}): void {
  const { page, path, query } = route.value;
  const changed = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) put(changed, name, value);
  go(href(page, ...path, Object.fromEntries(changed)), options);
}

function put(query: URLSearchParams, name: string, value: QueryValue): void {
  if (value === undefined || value === null || value === "" || value === false) query.delete(name);
  else query.set(name, String(value));
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
}

/** An address that somebody has cut in the middle of an escape is shown as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
