// npm run size: bundles the Worker as a deployment would, and builds the dashboard; fails when one of them has outgrown its limit.

import "./node-version.mjs";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildDashboard } from "./dashboard.mjs";
import { dashboardSizes } from "./dashboard-size.mjs";
import { runWrangler } from "./wrangler.mjs";

/** Of the whole Worker, with the catalog and what operates many instances. The platform's own limit is 3 MiB, on its free plan. */
const LIMIT_KIB = 150;
/** Of the dashboard: what a browser loads to show its first page, and all that it may ever load. */
const FIRST_VIEW_KIB = 75;
const DASHBOARD_KIB = 150;

const directory = mkdtempSync(join(tmpdir(), "edge-workflows-size-"));
try {
  const { code, output } = await runWrangler(["deploy", "--dry-run", "--outdir", directory], { capture: true });
  if (code !== 0) {
    console.error(output);
    process.exitCode = code;
  } else {
    report(uploadedFiles());
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

await buildDashboard();
const sizes = dashboardSizes();
check("Dashboard, first view", sizes.firstView / 1024, FIRST_VIEW_KIB);
check("Dashboard, all of it", sizes.all / 1024, DASHBOARD_KIB);

function check(what, kib, limit) {
  console.log(`${what}: ${kib.toFixed(1)} KiB gzip (limit ${limit} KiB gzip)`);
  if (kib <= limit) return;
  console.error(`${what}: ${(kib - limit).toFixed(1)} KiB over the limit of ${limit} KiB gzip.`);
  process.exitCode = 1;
}

/** wrangler adds a README, and source maps do not count against the size of a Worker. */
function uploadedFiles() {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "README.md" && !entry.name.endsWith(".map"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
}

function report(files) {
  if (files.length === 0) throw new Error(`expected the bundle in ${directory} and found no file`);
  const rawKib = files.reduce((sum, content) => sum + content.length, 0) / 1024;
  const gzipKib = files.reduce((sum, content) => sum + gzipSync(content).length, 0) / 1024;
  console.log(`Worker: ${rawKib.toFixed(1)} KiB, ${gzipKib.toFixed(1)} KiB gzip (limit ${LIMIT_KIB} KiB gzip)`);
  if (gzipKib > LIMIT_KIB) {
    console.error(`The Worker is ${(gzipKib - LIMIT_KIB).toFixed(1)} KiB over its limit of ${LIMIT_KIB} KiB gzip.`);
    process.exitCode = 1;
  }
}
