// Disks that stop to take anything, each in a way of its own, and take it again. None of them imitates the failure: the
// kernel refuses workerd's writes.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { processTree, temporaryDirectory } from "../e2e/server.ts";
import type { HostOptions } from "./processes.ts";

export interface Disk {
  /** Where a host finds it. */
  readonly directory: string;
  /** How a host has to be started. */
  readonly host: HostOptions;
  /** From here on it takes nothing, in a workerd that runs and in those started later; until `accept`. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  /** Where this process can open the databases, once nothing runs any more. */
  databases(): string;
  remove(): void;
}

const isRoot = process.getuid?.() === 0;

/**
 * No file may be written to: RLIMIT_FSIZE, which every process may lower for its own children. SQLite sees EFBIG and says
 * SQLITE_IOERR. Without the wrapper the kernel would end workerd by SIGXFSZ, and Node takes back in its children what
 * they inherit of signals.
 */
export function limitedDisk(): Disk {
  const directory = temporaryDirectory();
  const wrapper = `${directory}-workerd`;
  const flag = `${directory}-full`;
  const workerd = createRequire(import.meta.url)("workerd").default;
  const lines = ["#!/bin/sh", "trap '' XFSZ", `[ -e '${flag}' ] && ulimit -S -f 0`, `exec '${workerd}' "$@"`, ""];
  writeFileSync(wrapper, lines.join("\n"));
  chmodSync(wrapper, 0o755);
  const limit = async (bytes: string) => {
    const isOurs = (pid: number) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").includes(wrapper);
      } catch {
        // That of another test, which has ended meanwhile.
        return false;
      }
    };
    for (const { name, pid } of await processTree(process.pid))
      if (name === "workerd" && isOurs(pid)) execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);
  };
  return {
    directory,
    host: { env: { MINIFLARE_WORKERD_PATH: wrapper } },
    refuse: () => {
      writeFileSync(flag, "");
      return limit("0");
    },
    accept: () => {
      rmSync(flag);
      return limit("unlimited");
    },
    databases: () => directory,
    remove: () => {
      for (const path of [directory, wrapper, flag]) rmSync(path, { recursive: true, force: true });
    },
  };
}

const UNSHARE = isRoot ? ["-m"] : ["-U", "-r", "-m"];
const NSENTER = isRoot ? ["-m"] : ["-U", "--preserve-credentials", "-m"];

/** Whether this process may mount anything in a namespace of its own. */
export function canMount(): boolean {
  return spawnSync("unshare", [...UNSHARE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;
}

/**
 * A file system of 4 MiB, filled up: ENOSPC, which SQLite calls SQLITE_FULL. It is mounted in a namespace of its own, and is
 * gone with the process that holds this.
 */
export async function smallDisk(): Promise<Disk> {
  const directory = temporaryDirectory();
  const script = `mount -t tmpfs -o size=4m tmpfs '${directory}' && echo mounted && cat`;
  const holder: ChildProcess = spawn("unshare", [...UNSHARE, "sh", "-c", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await new Promise<void>((resolve, reject) => {
    holder.stdout?.once("data", () => resolve());
    holder.once("exit", (code) =>
      reject(new Error(`expected a file system at ${directory}, unshare ended with ${code}`)),
    );
  });
  const root = `/proc/${holder.pid}/root${directory}`;
  const ballast = join(root, "ballast");
  const copies: string[] = [];
  return {
    directory,
    host: { prefix: ["nsenter", "-t", String(holder.pid), ...NSENTER, "--"] },
    refuse: async () => fill(ballast),
    accept: async () => rmSync(ballast),
    databases: () => {
      // SQLite resolves links, and with the one in /proc it leaves the namespace.
      const copy = temporaryDirectory();
      copies.push(copy);
      cpSync(root, copy, { recursive: true, filter: (source) => source !== ballast });
      return copy;
    },
    remove: () => {
      holder.stdin?.end();
      for (const path of [directory, ...copies]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** To the last block. */
function fill(file: string): void {
  try {
    for (;;) appendFileSync(file, Buffer.alloc(4096));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}

/**
 * A directory and files without permission to write: EACCES, which SQLite calls SQLITE_READONLY or SQLITE_CANTOPEN. What
 * workerd has open already stays open for writing. Root is above permissions, unless it gives up that power.
 */
export function protectedDisk(): Disk {
  const directory = temporaryDirectory();
  const prefix = isRoot ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"] : [];
  const setModes = (path: string, file: number, folder: number) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) setModes(join(path, entry.name), file, folder);
      else chmodSync(join(path, entry.name), file);
    }
    chmodSync(path, folder);
  };
  return {
    directory,
    host: { prefix },
    refuse: async () => setModes(directory, 0o444, 0o555),
    accept: async () => setModes(directory, 0o644, 0o755),
    databases: () => directory,
    remove: () => {
      if (existsSync(directory)) setModes(directory, 0o644, 0o755);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
