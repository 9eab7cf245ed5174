// Inflates and deflates. Of the files here, which are the only ones that import other people's libraries in what runs everywhere,
// the build makes modules that hold these libraries: who installs fovea installs nothing else.

export { inflateSync, strToU8, unzipSync, Unzlib, zipSync } from "fflate";
