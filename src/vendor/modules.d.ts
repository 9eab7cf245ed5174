declare module "jpeg-js/lib/decoder.js" {
  const decode: unknown;
  export default decode;
}
