import { spawnSync } from "node:child_process";
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./statistics.ts";

/** Linux's number for tmpfs; elsewhere a temporary directory is on a disk. */
const TMPFS = 0x01021994;
const FSYNC_REPEATS = 50;

/**
 * The directory of this run, removed when the process ends, and a directory in it for each turn.
 *
 * For some minutes after a file is deleted, ext4 searches its way past the inode of it whenever it makes a new file
 * nearby. Deleting the files of one turn made a new object in the next turn cost three times as much (7.5 ms for 2.3 ms).
 * Hence nothing is deleted before the end, and `chattr +T` has ext4 put each turn in another part of the disk, away from
 * the files of other turns and of the run before. Other file systems refuse it and do not need it.
 */
export class BenchDirectory {
  readonly #root: string;

  /** `parent`: where it is made, the system's temporary directory unless another is given. */
  constructor(parent: string = tmpdir()) {
    this.#root = mkdtempSync(join(parent, "edge-workflows-bench-"));
    process.once("exit", () => rmSync(this.#root, { recursive: true, force: true }));
    spawnSync("chattr", ["+T", this.#root], { stdio: "ignore" });
  }

  newTurn(): string {
    return mkdtempSync(join(this.#root, "turn-"));
  }

  /** Commits then cost less than they do on a disk. */
  isInMemory(): boolean {
    return process.platform === "linux" && statfsSync(this.#root).type === TMPFS;
  }

  /** How long a small write takes to be safe. Two runs can only be compared where this is alike. */
  measureFsyncMs(): number {
    const file = openSync(join(this.#root, "fsync"), "w");
    try {
      return median(Array.from({ length: FSYNC_REPEATS }, () => timeFsync(file)));
    } finally {
      closeSync(file);
    }
  }
}

function timeFsync(file: number): number {
  const startedAtMs = performance.now();
  writeSync(file, Buffer.alloc(4096, 1));
  fsyncSync(file);
  return performance.now() - startedAtMs;
}
