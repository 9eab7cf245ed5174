// Inflates and deflates. Only the files in this folder import other people's libraries in code that runs everywhere. The build
// makes them modules that contain these libraries, so that installing fovea installs nothing else.

export { inflateSync, strToU8, unzipSync, Unzlib, zipSync } from "fflate";
