/** That of package.json (test/package/contents.test.ts compares them). Here as text: pages cannot import JSON. */
export const version = "0.1.0";
