// How many lines files, classes and functions have, as the compiler sees them. Its programming interface is marked as unstable
// in TypeScript 7, and may be, since package.json names one version of it.
import {
  type ClassLikeDeclaration,
  type FunctionLikeDeclaration,
  isClassDeclaration,
  isClassExpression,
  isFunctionLikeDeclaration,
  type Node,
  type SourceFile,
} from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";

/** The most lines that each may have; a file's with all that is in it, a class's and a function's without the comment above. */
export interface Limits {
  readonly file: number;
  readonly class: number;
  /** A method, an accessor, a constructor, a function, with or without a name. */
  readonly function: number;
}

export interface Sized {
  readonly path: string;
  readonly text: string;
}

/** What is above the limits, as `a.ts: class A has 201 lines`, in the order of the files. */
export function tooLarge(sources: readonly Sized[], limits: Limits): string[] {
  return readTrees(sources).flatMap(({ path, tree }) => {
    const found: string[] = [];
    const check = (kind: keyof Limits, name: string, lines: number) => {
      if (lines > limits[kind]) found.push(`${path}: ${kind}${name} has ${lines} lines`);
    };
    const visit = (node: Node): void => {
      if (isClassDeclaration(node) || isClassExpression(node)) check("class", nameOf(node, tree), linesOf(node, tree));
      else if (isFunctionLikeDeclaration(node)) check("function", nameOf(node, tree), linesOf(node, tree));
      node.forEachChild(visit);
    };
    check("file", "", tree.text.trimEnd().split("\n").length);
    visit(tree);
    return found;
  });
}

/** What the compiler may read, and no file of the disk. */
const files = new Map<string, string>();
let compiler: API | undefined;
let projects = 0;

/** Asks one compiler, which ends with this process: each that is closed says "context canceled" in the middle of the tests. */
function readTrees(sources: readonly Sized[]): { path: string; tree: SourceFile }[] {
  compiler ??= new API({
    cwd: "/",
    fs: { readFile: (path) => files.get(path) ?? null, fileExists: (path) => files.has(path) },
  });
  const directory = `/${++projects}`;
  const config = `${directory}/tsconfig.json`;
  for (const { path, text } of sources) files.set(`${directory}/${path}`, text);
  const compilerOptions = { noLib: true, noResolve: true, types: [] };
  files.set(config, JSON.stringify({ compilerOptions, files: sources.map(({ path }) => path) }));
  const program = compiler.updateSnapshot({ openProjects: [config] }).getProject(config)?.program;
  return sources.map(({ path }) => {
    const tree = program?.getSourceFile(`${directory}/${path}`);
    if (tree === undefined) throw new Error(`The compiler has not read ${path}`);
    return { path, tree };
  });
}

function linesOf(node: Node, tree: SourceFile): number {
  return tree.text.slice(node.getStart(tree), node.end).split("\n").length;
}

function nameOf(node: FunctionLikeDeclaration | ClassLikeDeclaration, tree: SourceFile): string {
  return "name" in node && node.name !== undefined ? ` ${node.name.getText(tree)}` : "";
}
