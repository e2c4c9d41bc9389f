// docs/your-own-project.md, typed in from top to bottom in an empty folder.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isAsSaid, type Step, stepsOf } from "../node/readme/project-page.ts";
import { pinned } from "./consumers.ts";
import { type DevServer, run, startDevServer } from "./shell.ts";

const NEEDS_AN_ACCOUNT = /^npx wrangler (secret\b|.* --remote\b)/;

/** @returns how many files and commands there were */
export async function followPage(page: string, directory: string, tarball: string): Promise<string> {
  const cwd = join(directory, "page");
  mkdirSync(cwd);
  const steps = stepsOf(page);
  let server: DevServer | undefined;
  const counts = { files: 0, commands: 0, notRun: 0 };
  try {
    for (const step of steps) {
      if (step.type === "file") {
        mkdirSync(dirname(join(cwd, step.path)), { recursive: true });
        writeFileSync(join(cwd, step.path), step.code);
        counts.files += 1;
      } else if (NEEDS_AN_ACCOUNT.test(step.command)) counts.notRun += 1;
      else {
        counts.commands += 1;
        const command = here(step.command, tarball);
        if (isServer(command)) {
          await server?.stop();
          server = await startDevServer(command === "npm run dev" ? `${command} --` : command, { cwd });
        } else if (command.startsWith("curl ")) await checkCurl(command, step, server, cwd);
        else await run(command, { cwd });
      }
    }
  } finally {
    await server?.stop();
  }
  return `${counts.files} files, ${counts.commands} commands, ${counts.notRun} that need an account left out`;
}

/** What a stranger types, with what this test knows better: where the tarball is, which versions, and not to deploy. */
function here(command: string, tarball: string): string {
  if (command.startsWith("npm install --save-dev "))
    return command.replace(/(?<=--save-dev ).+/, (names) => names.split(" ").map(pinned).join(" "));
  if (command.startsWith("npm install ")) return `npm install "${tarball}"`;
  return /^npx wrangler deploy\b/.test(command) ? `${command} --dry-run` : command;
}

function isServer(command: string): boolean {
  return command === "npm run dev" || /^npx wrangler dev\b/.test(command);
}

type Command = Extract<Step, { type: "command" }>;

async function checkCurl(command: string, { at, prints = "" }: Command, server: DevServer | undefined, cwd: string) {
  assert.ok(server !== undefined, `${at}: nothing serves what this asks`);
  const asked = command.replace("http://localhost:8787", server.origin).replace(/^curl /, "curl -s --max-time 60 ");
  const printed = (await run(asked, { cwd })).trim();
  assert.ok(isAsSaid(printed, prints), `${at}: ${command}\nprints ${printed}\nand the page says ${prints}`);
}
