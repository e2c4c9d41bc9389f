/*
 * Whether the Worker's configuration has what instances need, told before anything is asked of them: a binding that is missing
 * would be a TypeError of ours, and the caller would hear that the instance did not answer.
 */

const BINDING = "WORKFLOW_INSTANCE";
const CLASS = "WorkflowInstance";

const BINDING_LINES = `[[durable_objects.bindings]]\nname = "${BINDING}"\nclass_name = "${CLASS}"`;
const MIGRATION_LINES = `[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["${CLASS}"]`;
const LINES = `\n\n${BINDING_LINES}\n\n${MIGRATION_LINES}`;

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

/** A service binding has a method of every name that it is asked for. */
function isNamespace(value: unknown): boolean {
  if (typeof value !== "object" || value === null || value.constructor?.name === "Fetcher") return false;
  return typeof Reflect.get(value, "getByName") === "function";
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
export const WITHOUT_SQLITE = `the class ${CLASS} has no SQLite storage, because it stands in \`new_classes\` or in no migration; nothing was changed. In wrangler.toml:\n\n${MIGRATION_LINES}\n\nA class that has been deployed without SQLite cannot get it: delete it with \`deleted_classes\` in one migration, and create it with \`new_sqlite_classes\` in the next`;
