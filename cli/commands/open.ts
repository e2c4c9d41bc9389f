import { spawn } from "node:child_process";
import type { Command } from "commander";
import { type CalledWithServer, talks } from "../command.ts";
import { instanceId } from "../listing.ts";
import { info, note, writeLine } from "../terminal/output.ts";

/*
 * `open`: an instance in the browser. Where there is none, as on a server, the address is printed, which is all that a script wants.
 */

interface Flags {
  readonly print?: true;
}

export function addOpen(program: Command): void {
  const command = program
    .command("open")
    .summary("open an instance in the browser")
    .description("Open an instance in the dashboard. Where no browser can be opened, print its address.")
    .argument("[id]", "its ID, or `latest` (default: the overview)")
    .option("--print", "print the address, and open nothing");
  talks<Flags>(command, open);
}

async function open({ operands, options, server }: CalledWithServer<Flags>): Promise<void> {
  const [operand] = operands;
  const path = operand === undefined ? "" : `#/i/${encodeURIComponent(await instanceId(server, operand))}`;
  const address = `${server.settings.url}/ui/${path}`;
  if (options.print === true) return writeLine(address);
  const problem = await openInBrowser(address);
  if (problem === undefined) return info(`Opened ${address}`);
  note(`No browser could be opened (${problem})`);
  return writeLine(address);
}

/** A started one may stay: what counts is whether the program that starts it could be run. */
const STARTED_MS = 2_000;

async function openInBrowser(address: string): Promise<string | undefined> {
  const command = opener();
  if (command === undefined) return "there is no display";
  const [program, ...words] = command;
  const child = spawn(program, [...words, address], { stdio: "ignore", detached: true });
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), STARTED_MS);
    const settle = (problem: string | undefined) => {
      clearTimeout(timer);
      child.unref();
      resolve(problem);
    };
    child.once("error", (error) => settle(error.message));
    child.once("exit", (code) => settle(code === 0 ? undefined : `${program} ended with ${code}`));
  });
}

/** The address is a word of its own, which no shell reads. */
function opener(): readonly [string, ...string[]] | undefined {
  const { platform, env } = process;
  if (platform === "darwin") return ["open"];
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  return env.DISPLAY || env.WAYLAND_DISPLAY || env.BROWSER ? ["xdg-open"] : undefined;
}
