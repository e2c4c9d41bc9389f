/**
 * node bench/profile.ts [steps|fanout|series] [n] [times] [plain|logging|catalog|telemetry|webhooks]: where workerd spends its time while edge-workflows does the work.
 * Prints the functions with the most time of their own, and what was allocated the most by whom; writes
 * `profile.cpuprofile` to the temporary directory, for a browser's developer tools.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONTESTANTS, configOf, type Variant } from "./contestants.ts";
import { startEchoServer } from "./echo-server.ts";
import { HttpClient } from "./http-client.ts";
import { Inspector } from "./inspector.ts";
import type { Work } from "./job.ts";
import { bundle, serve } from "./server.ts";

const [work = "steps", n = "10000", times = "3", variant = "plain"] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), "edge-workflows-profile-"));
const { entries, run } = CONTESTANTS.edge;
const echo = await startEchoServer();
const config = configOf({ contestant: CONTESTANTS.edge, variant: variant as Variant, echoUrl: echo.url });
const server = await serve(await bundle(entries[variant as Variant] ?? ""), config, directory, { inspector: true });
const client = new HttpClient(server.origin);
const runAll = async (count: number) => {
  for (let i = 0; i < count; i++) await run(client, { work: work as Work, n: Number(n) }, crypto.randomUUID());
};
try {
  await runAll(Math.ceil(Number(times) / 2));
  const inspector = await Inspector.connect(server.inspector as URL);
  const startedAtMs = performance.now();
  const profile = await inspector.profileCpu(() => runAll(Number(times)));
  const ms = performance.now() - startedAtMs;
  const file = join(tmpdir(), "profile.cpuprofile");
  writeFileSync(file, JSON.stringify(profile.raw));
  console.log(`${times} x ${work} ${n}: ${ms.toFixed(0)} ms; ${file}`);
  for (const { name, share } of profile.functions.slice(0, 40))
    console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
  const allocated = await inspector.profileAllocations(() => runAll(Number(times)));
  console.log(`allocated: ${(allocated.bytes / 1e6).toFixed(1)} MB`);
  for (const { name, share } of allocated.functions.slice(0, 25))
    console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
  inspector.close();
} finally {
  client.close();
  echo.close();
  await server.close();
}
