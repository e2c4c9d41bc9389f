/** How Node and workerd ask an object what `console.log` shows of it. A browser shows the object itself. */
export const INSPECT = Symbol.for("nodejs.util.inspect.custom");

type Inspect = (value: unknown, options: object) => string;

/** `WorkflowState { instanceId: 'order-1', … }`: what objects with private fields would not show. */
export function inspected(
  className: string,
  fields: object,
  depth: number,
  options: object,
  inspect?: Inspect,
): unknown {
  if (inspect === undefined) return fields;
  if (depth < 0) return `[${className}]`;
  return `${className} ${inspect(fields, { ...options, depth })}`;
}
