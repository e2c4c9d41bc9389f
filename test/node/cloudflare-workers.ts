// Stands for `cloudflare:workers` where samples are loaded in Node. Nothing of it is called there.
export const env = {};
export class DurableObject {}
