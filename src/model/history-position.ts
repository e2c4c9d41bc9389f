/** A place in the history of one execution: events are numbered from 0. */
export interface HistoryPosition {
  readonly executionId: string;
  readonly position: number;
}

/** As it is written: `<executionId>.<position>`. */
export const HISTORY_POSITION = /^(\S{1,200})\.(\d{1,15})$/;

export function positionText({ executionId, position }: HistoryPosition): string {
  return `${executionId}.${position}`;
}

/** `undefined` for what is none. */
export function readPosition(text: string): HistoryPosition | undefined {
  const [, executionId, position] = HISTORY_POSITION.exec(text) ?? [];
  return executionId === undefined ? undefined : { executionId, position: Number(position) };
}
