export { type Schedule, within } from "../instance/patience.ts";
