export { type Schedule, timers, within } from "../instance/patience.ts";
