export { PbfWriter } from "pbf";
