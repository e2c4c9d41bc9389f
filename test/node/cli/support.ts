// The command line as a process: bundled as it is published, on pipes or on a pseudo-terminal, against a server on a real port.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { ROOT, temporaryDirectory } from "../e2e/server.ts";

const { buildCli } = (await import(join(ROOT, "scripts/cli.mjs"))) as {
  buildCli: (outfile: string) => Promise<string[]>;
};

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  kill(signal: NodeJS.Signals): void;
  type(text: string): void;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What is typed, or piped in. Default: nothing, and no more to come. */
  readonly input?: string;
  /** Nothing comes after the input. */
  readonly endInput?: true;
  readonly cwd?: string;
  /** Called when more has been written to stdout. */
  readonly onOutput?: (stdout: string, process: Running) => void;
}

export interface TerminalOptions extends Omit<RunOptions, "input" | "endInput" | "onOutput"> {
  /** Default 80. */
  readonly columns?: number;
  /** What is typed once this is shown. */
  readonly answer?: readonly [when: string, typed: string];
  /** Behind the command in the shell. */
  readonly shellSuffix?: string;
}

function answering([when, typed]: readonly [string, string]): NonNullable<RunOptions["onOutput"]> {
  let isTyped = false;
  return (shown, { type }) => {
    if (isTyped || !shown.includes(when)) return;
    isTyped = true;
    type(typed);
  };
}

const LIMIT_MS = 40_000;

/** A program of its own for one file of tests, with a home that has no profile. */
export class Cli {
  readonly directory = temporaryDirectory();
  readonly file = join(this.directory, "cli.mjs");
  /** Nothing of this machine's settings but where its programs are. */
  env: Readonly<Record<string, string>> = {
    PATH: process.env.PATH ?? "",
    HOME: this.directory,
    XDG_CONFIG_HOME: join(this.directory, "config"),
    TZ: "Asia/Kathmandu",
  };

  /** The files that it was made of, from the root of this repository. */
  inputs: readonly string[] = [];

  static async build(origin?: string): Promise<Cli> {
    const cli = new Cli();
    mkdirSync(cli.directory, { recursive: true });
    cli.inputs = await buildCli(cli.file);
    if (origin !== undefined) cli.env = { ...cli.env, EDGE_WORKFLOWS_URL: origin };
    return cli;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** On pipes. */
  run(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return ran(process.execPath, [this.file, ...words], { ...options, env: { ...this.env, ...options.env } });
  }

  /** In a shell that finds `edge-workflows`, on pipes. */
  runShell(script: string): Promise<Ran> {
    const folder = join(this.directory, "bin");
    mkdirSync(folder, { recursive: true });
    if (!existsSync(join(folder, "edge-workflows"))) symlinkSync(this.file, join(folder, "edge-workflows"));
    const PATH = [folder, dirname(process.execPath), this.env.PATH].join(delimiter);
    return ran("sh", ["-c", script], { env: { ...this.env, PATH }, cwd: this.directory });
  }

  /** On a pseudo-terminal of `columns`; what it shows is all in `stdout`. */
  runOnTerminal(
    words: readonly string[],
    { columns = 80, answer, shellSuffix = "", ...options }: TerminalOptions = {},
  ) {
    if (!existsSync("/usr/bin/script") && !existsSync("/bin/script"))
      throw new Error(
        "The tests of the command line on a terminal need script(1) of util-linux, which is essential on Debian (package bsdutils)",
      );
    const command = [process.execPath, this.file, ...words]
      .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
      .join(" ");
    const shell = `stty cols ${columns} rows 24; echo READY; ${command} ${shellSuffix}`;
    const typed = answer === undefined ? {} : { input: "", onOutput: answering(answer) };
    return ran("script", ["-qec", shell, "/dev/null"], {
      ...options,
      ...typed,
      env: { ...this.env, TERM: "xterm-256color", SHELL: "/bin/sh", ...options.env },
    }).then((done) => ({ ...done, stdout: done.stdout.replace(/^READY\r\n/, "") }));
  }
}

function ran(program: string, words: readonly string[], options: RunOptions): Promise<Ran> {
  const { env, cwd, input, endInput, onOutput } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { env: { ...env }, cwd, stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    const limit = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${words.slice(1).join(" ")} has not ended within ${LIMIT_MS} ms:\n${stdout}\n${stderr}`));
    }, LIMIT_MS);
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      onOutput?.(stdout, { kill: (signal) => child.kill(signal), type: (more) => child.stdin.write(more) });
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(limit);
      resolve({ code, stdout, stderr });
    });
    child.stdin.on("error", () => {});
    if (input === undefined) child.stdin.end();
    else if (endInput === true) child.stdin.end(input);
    else child.stdin.write(input);
  });
}

/** Without what differs from run to run. */
export function masked(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>")
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>");
}
