/** The version of this package, as `GET /v1.0/metadata` tells it. A release changes it together with package.json. */
export const VERSION = "0.1.0";
