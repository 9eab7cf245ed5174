// "fovea/mpi": the processes of an MPI job train and predict together.

export { initMpi, type Mpi } from "./init.js";
export { launched, type Launched } from "./launcher.js";
export { MpiError } from "./library.js";
