import { type BoundClass, isNamespace, migrationLines, wranglerLines } from "./bound-class.ts";

/*
 * Whether the Worker's configuration has what instances need, told before anything is asked of them: a binding that is missing
 * would be a TypeError of ours, and the caller would hear that the instance did not answer.
 */

const INSTANCES: BoundClass = { binding: "WORKFLOW_INSTANCE", name: "WorkflowInstance", tag: "v1" };
const { binding: BINDING, name: CLASS } = INSTANCES;
const LINES = wranglerLines(INSTANCES);

/** What is wrong with the binding and what to write, or `undefined`. Calls nothing. */
export function bindingProblem(env: object): string | undefined {
  const value: unknown = Reflect.get(env, BINDING);
  if (isNamespace(value)) return undefined;
  if (value !== undefined && value !== null) {
    return `the binding ${BINDING} is ${kindOf(value)}, and has to be the Durable Object namespace of the class ${CLASS}; nothing was changed. In wrangler.toml:${LINES}`;
  }
  const others = Object.keys(env).filter((name) => isNamespace(Reflect.get(env, name)));
  const found =
    others.length === 0
      ? "no Durable Object namespace is bound"
      : `bound are the Durable Object namespaces ${others.slice(0, 10).join(", ")}`;
  return `the binding ${BINDING} is missing (${found}); nothing was changed. Add to wrangler.toml, and export the class ${CLASS} from the Worker:${LINES}`;
}

function kindOf(value: unknown): string {
  const name = typeof value === "object" ? value?.constructor?.name : undefined;
  return name === undefined || name === "Object" ? `a value of type ${typeof value}` : `a ${name}`;
}

/** What the platform throws inside an object of a class without SQLite, and out of the call that has reached it. */
export function isWithoutSqlite(message: string): boolean {
  return message.startsWith("SQL is not enabled for this Durable Object class");
}

/** No object of such a class has ever kept anything: the first thing that each does is to read its database. */
export const WITHOUT_SQLITE = `the class ${CLASS} has no SQLite storage, because it stands in \`new_classes\` or in no migration; nothing was changed. In wrangler.toml:${migrationLines(INSTANCES)}\n\nA class that has been deployed without SQLite cannot get it: delete it with \`deleted_classes\` in one migration, and create it with \`new_sqlite_classes\` in the next`;
