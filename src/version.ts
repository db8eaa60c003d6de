/** The version of package.json; test/exports.test.ts holds the two equal. */
export const VERSION = '0.1.0'
