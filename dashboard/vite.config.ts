import { readFileSync } from "node:fs";
import { defineConfig } from "vite";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

function folderOf(moduleId: string | null | undefined): string | undefined {
  return /([\w-]+)\/page\.tsx$/.exec(moduleId ?? "")?.[1];
}

/** Plain files that need no inline script or style, no `data:` and no place of their own: they work under any path. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  publicDir: false,
  logLevel: "warn",
  define: { __VERSION__: JSON.stringify(version) },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One stylesheet: its layers keep their order, and a page that comes later does not jump.
    cssCodeSplit: false,
    emptyOutDir: true,
    reportCompressedSize: false,
    rolldownOptions: {
      // A page has the name of its folder, `list` and not `page`.
      output: { chunkFileNames: ({ name, facadeModuleId }) => `assets/${folderOf(facadeModuleId) ?? name}-[hash].js` },
    },
  },
});
