/** That of package.json (test/package/contents.test.ts compares them). As text here, because pages cannot import JSON. */
export const version = "0.1.0";
