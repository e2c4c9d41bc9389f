/*
 * Watching: those who are told of each event of the history as it is committed. The other rooms enter here.
 */
export { Watching } from "./watching.ts";
