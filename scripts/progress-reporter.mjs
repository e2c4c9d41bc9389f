// Beside vitest's own reporter, which tells of each file as it ends: how far a run has come, every half minute. A terminal shows it anyway.

const EVERY_MS = 30_000;

export default class ProgressReporter {
  #files = 0;
  #ended = 0;
  #failed = 0;
  #startedAtMs = 0;
  #timer;

  onTestRunStart(specifications) {
    this.#files = specifications.length;
    this.#startedAtMs = Date.now();
    if (process.stdout.isTTY) return;
    this.#timer = setInterval(() => console.log(this.line(Date.now())), EVERY_MS);
    this.#timer.unref();
  }

  onTestModuleEnd(module) {
    this.#ended++;
    if (module.state() === "failed") this.#failed++;
  }

  onTestRunEnd() {
    clearInterval(this.#timer);
  }

  line(nowMs) {
    const seconds = Math.round((nowMs - this.#startedAtMs) / 1000);
    const failed = this.#failed === 0 ? "" : `, ${this.#failed} of them failed`;
    return `… after ${seconds} s ${this.#ended} of ${this.#files} files have ended${failed}`;
  }
}
