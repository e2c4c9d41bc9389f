// Imported first by every script here, so that an old Node is told what is wrong before anything newer than it runs.
// This file and those that import it must therefore parse on Node 20.

const NEEDED = [22, 12];
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  console.error(
    `Node ${NEEDED.join(".")} or newer is needed and this is Node ${process.versions.node} (${process.execPath}): ` +
      "run `npm ci` and use the npm scripts (on Linux x64 it brings Node 24 along), or install Node 24 from https://nodejs.org.",
  );
  process.exit(1);
}
