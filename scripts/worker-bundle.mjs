// The Worker in one file, as wrangler uploads it. wrangler's own bundler keeps the name of every function or of none; here an author's
// code keeps them, since workflows, activities and errors are known by their names, and the library's does not, which is a twelfth
// of the whole.

import { readFileSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { build, transform } from "esbuild";
import { ROOT } from "./wrangler.mjs";

/** The library is what these reach, and the packages that it imports. Whatever else there is, also what somebody adds, is an author's. */
const LIBRARY = ["src/index.ts", "src/dapr.ts", "src/testing.ts"];

/** As esbuild names it, also where the checkout is reached by a link. */
const DIRECTORY = realpathSync(ROOT);

/** As wrangler bundles. */
const FOR_WORKERD = {
  bundle: true,
  format: "esm",
  target: "es2024",
  supported: { "import-source": true, using: true },
  platform: "browser",
  conditions: ["workerd", "worker", "browser"],
  loader: { ".js": "jsx", ".mjs": "jsx", ".cjs": "jsx" },
  external: ["cloudflare:*", "node:*"],
  logLevel: "warning",
  write: false,
};

/**
 * @param options.entry the module of the Worker
 * @param options.outfile where the code will lie: what its source map's paths start from
 * @param options.minify without it, every line can be found
 * @returns the code, which names `outfile`.map as its source map, and the map
 */
export async function bundleWorker({ entry, outfile, minify }) {
  const mode = JSON.stringify(process.env.NODE_ENV ?? (minify ? "production" : "development"));
  const { outputFiles } = await build({
    ...FOR_WORKERD,
    absWorkingDir: DIRECTORY,
    entryPoints: [entry],
    outfile,
    minify,
    sourcemap: "linked",
    define: {
      "process.env.NODE_ENV": mode,
      "navigator.userAgent": '"Cloudflare-Workers"',
      // The same value, which a minifier knows by this name.
      "Number.POSITIVE_INFINITY": "Infinity",
    },
    plugins: [namesOfAuthors(await libraryFiles())],
  });
  const text = (extension) => outputFiles.find(({ path }) => path.endsWith(extension)).text;
  const bundle = { code: text(".js"), map: text(".map") };
  return minify ? await minifyFurther(bundle, `${basename(outfile)}.map`) : bundle;
}

/** @returns the files of the library, from the root */
export async function libraryFiles() {
  const { metafile } = await build({
    ...FOR_WORKERD,
    absWorkingDir: DIRECTORY,
    entryPoints: LIBRARY,
    outdir: "out",
    metafile: true,
  });
  return new Set(Object.keys(metafile.inputs).map((path) => resolve(DIRECTORY, path)));
}

/** esbuild keeps names in all files or in none, so those of authors are given theirs before it sees them. */
function namesOfAuthors(library) {
  const { target, supported } = FOR_WORKERD;
  const tsconfigRaw = readFileSync(join(DIRECTORY, "tsconfig.json"), "utf8");
  return {
    name: "names-of-authors",
    setup({ onLoad }) {
      onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: "file" }, async ({ path }) => {
        if (library.has(path)) return undefined;
        const loader = /\.[cm]?ts$/.test(path) ? "ts" : path.endsWith("x") ? "tsx" : "jsx";
        const options = { loader, target, supported, tsconfigRaw, sourcefile: basename(path), sourcemap: "inline" };
        try {
          const { code } = await transform(await readFile(path, "utf8"), {
            ...options,
            keepNames: true,
            logLevel: "silent",
          });
          return { contents: code, loader: "js" };
        } catch (error) {
          if (error.errors === undefined) throw error;
          const file = relative(DIRECTORY, path);
          return {
            errors: error.errors.map((each) => ({ ...each, location: each.location && { ...each.location, file } })),
          };
        }
      });
    },
  };
}

/** esbuild's output, smaller by a thirtieth. */
async function minifyFurther({ code, map }, url) {
  const { minify } = await import("terser");
  const smaller = await minify(code, {
    module: true,
    ecma: 2020,
    // `x === 1` as esbuild has it, and not `1 === x` here and there: what always has one form packs better.
    compress: { passes: 2, lhs_constants: false },
    sourceMap: { content: map, url, includeSources: true },
  });
  return { code: smaller.code, map: smaller.map };
}
