// Runs before `npm publish`: the addresses in package.json are placeholders until this repository has a public one.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./wrangler.mjs";

const { homepage, bugs, repository } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const placeholders = [homepage, bugs.url, repository.url].filter((address) => address.includes(".example/"));
if (placeholders.length > 0) {
  console.error(`package.json still has placeholders where the public addresses belong: ${placeholders.join(", ")}`);
  process.exit(1);
}
