// What browsers load of the dashboard, compressed as Cloudflare would: read from the files that are there.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ROOT } from "./wrangler.mjs";

const UI = join(ROOT, "assets/ui");
/** Where people come in. */
const FIRST_PAGES = ["overview", "list", "instance"];

/** In bytes. `firstView`: of the page that needs most, all that is loaded until it shows. */
export function dashboardSizes() {
  const names = readdirSync(join(UI, "assets"));
  const size = (name) => gzipSync(readFileSync(join(UI, name))).length;
  const shell = names
    .filter((name) => !name.endsWith(".js"))
    .reduce((sum, name) => sum + size(`assets/${name}`), size("index.html"));
  const entry = /src="\.\/assets\/([^"]+\.js)"/.exec(readFileSync(join(UI, "index.html"), "utf8"))?.[1];
  const views = FIRST_PAGES.map((page) => {
    const chunk = names.find((name) => new RegExp(`^${page}-[\\w-]{8}\\.js$`).test(name));
    if (entry === undefined || chunk === undefined) throw new Error(`the dashboard has no script for the page ${page}`);
    return [...reachedFrom([entry, chunk])].reduce((sum, name) => sum + size(`assets/${name}`), shell);
  });
  const scripts = names.filter((name) => name.endsWith(".js"));
  return { firstView: Math.max(...views), all: scripts.reduce((sum, name) => sum + size(`assets/${name}`), shell) };
}

/** The scripts and all that they import before they run. */
function reachedFrom(first) {
  const found = new Set(first);
  for (const name of found) {
    const code = readFileSync(join(UI, "assets", name), "utf8");
    for (const [, imported] of code.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) found.add(imported);
  }
  return found;
}
