// docs/dapr-drop-in.md with the tarball: a program for `@dapr/dapr`, unchanged, in the Worker and under the compiler settings of the page.
import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../node/e2e/server.ts";
import { readPage } from "../node/readme/readme.ts";
import { pinned, post, project } from "./consumers.ts";
import { run, startDevServer } from "./shell.ts";

const PROGRAM = "test/conformance/programs/order-processor.ts";

export async function runsProgramForDapr(directory: string, tarball: string): Promise<void> {
  const { text, blocks } = readPage("docs/dapr-drop-in.md");
  const blockOf = (language: string) => blocks.find((block) => block.language === language)?.code ?? "";
  const paths = /`("paths": .+)`\./.exec(text)?.[1];
  assert.ok(paths !== undefined, "the page has paths for the compiler");

  const cwd = await project(directory, "drop-in", [tarball, pinned("wrangler"), pinned("typescript")]);
  copyFileSync(join(ROOT, PROGRAM), join(cwd, "program.ts"));
  writeFileSync(join(cwd, "worker.ts"), blockOf("ts").replace('// import "./program.ts";', 'import "./program.ts";'));
  const configuration = 'name = "drop-in"\nmain = "worker.ts"\ncompatibility_date = "2026-10-01"\n';
  writeFileSync(join(cwd, "wrangler.toml"), `${configuration}\n${blockOf("toml")}`);
  writeFileSync(
    join(cwd, "tsconfig.json"),
    `{ "compilerOptions": { "target": "es2024", "lib": ["es2024"], "module": "esnext", "moduleResolution": "bundler", "strict": true,
      "types": ["./worker-configuration.d.ts"], "noEmit": true, "allowImportingTsExtensions": true, ${paths} }, "include": ["*.ts"] }`,
  );
  await run("npx wrangler types && npx tsc --pretty false", { cwd });

  const server = await startDevServer("npx wrangler dev", { cwd });
  try {
    const path = "/v1.0/workflows/dapr/shopOrder/start?waitFor=completed";
    const state = JSON.parse(await post(server.origin, path, '{"item":"car","amount":1}'));
    assert.equal(state.runtimeStatus, "COMPLETED");
    assert.equal(state.properties["dapr.workflow.output"], '{"processed":false}');
  } finally {
    await server.stop();
  }
}
