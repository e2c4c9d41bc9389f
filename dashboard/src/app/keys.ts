import { helpIsOpen } from "./help.tsx";
import { PAGES } from "./pages.ts";
import { go, href } from "./router.ts";
import { may } from "./session.ts";

/*
 * Single keys, as the field has them. Nothing is taken from a field that is typed in, from an open dialog, or with Ctrl, Alt or Meta held. A page
 * adds its own with `onKeys`; they come first.
 */

/** By `event.key`; returns false where it does not want it. */
export type Keys = Readonly<Record<string, (event: KeyboardEvent) => void>>;

const SEQUENCE_MS = 1_000;
const ofPages = new Set<Keys>();
let goingUntilMs = 0;

/** For as long as a page is shown: `useEffect(() => onKeys({ j: next, k: previous }), [])`. */
export function onKeys(keys: Keys): () => void {
  ofPages.add(keys);
  return () => ofPages.delete(keys);
}

export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (isTypedIn(event.target) || document.querySelector("dialog[open]") !== null) return;
    const action = actionFor(event.key);
    if (action === undefined) return;
    event.preventDefault();
    action(event);
  });
}

function actionFor(key: string): ((event: KeyboardEvent) => void) | undefined {
  if (goingUntilMs > Date.now()) {
    goingUntilMs = 0;
    const found = Object.entries(PAGES).find(([, page]) => page.key === key);
    if (found !== undefined) return () => go(href(found[0]));
  }
  for (const keys of [...ofPages].reverse()) if (Object.hasOwn(keys, key)) return keys[key];
  return Object.hasOwn(SHELL, key) ? SHELL[key] : undefined;
}

const SHELL: Keys = {
  g: () => {
    goingUntilMs = Date.now() + SEQUENCE_MS;
  },
  n: () => {
    if (may("starter")) go(href("start"));
  },
  "?": () => {
    helpIsOpen.value = true;
  },
};

function isTypedIn(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "range", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}
