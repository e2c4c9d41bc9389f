/** That of the package: written in when it is bundled. */
export const VERSION = process.env.EDGE_WORKFLOWS_VERSION ?? "0";
