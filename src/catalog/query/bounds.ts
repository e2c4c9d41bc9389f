import type { RuntimeStatus } from "../../model/status.ts";
import type { Condition } from "./condition.ts";

/**
 * Where rows may lie that fit a condition; none lies elsewhere. From it follows which index is read, and how far.
 */
export interface Bounds {
  /** `undefined`: any. */
  readonly statuses?: readonly RuntimeStatus[] | undefined;
  readonly createdFrom: number;
  readonly createdBefore: number;
}

const ANYWHERE: Bounds = { createdFrom: Number.NEGATIVE_INFINITY, createdBefore: Number.POSITIVE_INFINITY };
const NOWHERE: Bounds = {
  statuses: [],
  createdFrom: Number.POSITIVE_INFINITY,
  createdBefore: Number.NEGATIVE_INFINITY,
};

export function boundsOf(condition: Condition): Bounds {
  switch (condition.type) {
    case "and":
      return condition.parts.map(boundsOf).reduce(both, ANYWHERE);
    case "or":
      return condition.parts.map(boundsOf).reduce(either, NOWHERE);
    case "status":
      return { ...ANYWHERE, statuses: [...new Set(condition.statuses)] };
    case "time":
      return condition.field === "created" ? { ...ANYWHERE, ...rangeOf(condition.operator, condition.ms) } : ANYWHERE;
    case "text":
    case "retrying":
    case "attribute":
      return ANYWHERE;
    default:
      // Of newer code; whoever reads the rows refuses it.
      condition satisfies never;
      return ANYWHERE;
  }
}

function both(a: Bounds, b: Bounds): Bounds {
  return {
    statuses:
      a.statuses && b.statuses
        ? a.statuses.filter((status) => b.statuses?.includes(status))
        : (a.statuses ?? b.statuses),
    createdFrom: Math.max(a.createdFrom, b.createdFrom),
    createdBefore: Math.min(a.createdBefore, b.createdBefore),
  };
}

function either(a: Bounds, b: Bounds): Bounds {
  return {
    statuses: a.statuses && b.statuses && [...new Set([...a.statuses, ...b.statuses])],
    createdFrom: Math.min(a.createdFrom, b.createdFrom),
    createdBefore: Math.max(a.createdBefore, b.createdBefore),
  };
}

function rangeOf(operator: string, ms: number): Partial<Bounds> {
  switch (operator) {
    case "=":
      return { createdFrom: ms, createdBefore: ms + 1 };
    case ">":
      return { createdFrom: ms + 1 };
    case ">=":
      return { createdFrom: ms };
    case "<":
      return { createdBefore: ms };
    case "<=":
      return { createdBefore: ms + 1 };
    default:
      return {};
  }
}
