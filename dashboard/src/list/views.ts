import { signal } from "@preact/signals";

/** Filters and columns that somebody has given a name, in this browser. */
export interface View {
  readonly name: string;
  /** The query of the address. */
  readonly query: string;
}

/** Questions that everybody has. */
export const USUAL: readonly View[] = [
  { name: "In trouble", query: "is=retrying%2Cstalled" },
  { name: "Failed in the last 24 hours", query: "is=failed&last=24h" },
  { name: "Waiting for an event", query: "is=waiting&waitingFor=event%3A*" },
  { name: "Running, the oldest first", query: "is=running%2Cwaiting%2Cretrying&order=asc" },
];

const KEY = "edge-workflows.views";
const MOST = 30;

export const views = signal<readonly View[]>(stored());

export function saveView(view: View): void {
  const others = views.value.filter(({ name }) => name !== view.name);
  keep([view, ...others].slice(0, MOST));
}

export function removeView(name: string): void {
  keep(views.value.filter((view) => view.name !== name));
}

function keep(next: readonly View[]): void {
  views.value = next;
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // A browser that keeps nothing keeps them for as long as the page is open.
  }
}

/** What somebody else has written there is nothing. */
function stored(): readonly View[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    if (!Array.isArray(value)) return [];
    return value.filter((one): one is View => typeof one?.name === "string" && typeof one?.query === "string");
  } catch {
    return [];
  }
}
