// The C library of an MPI, called through koffi. Its handles are what the kind of library makes of them: Open MPI's are addresses of
// its variables, MPICH's and the standard interface's (MPI 5.0, chapter 20) are numbers.

import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { FoveaError, reason, short } from "../errors.js";

/** MPI cannot do what was asked, or is not there. */
export class MpiError extends FoveaError {
  /** The class's name. */
  override name = "MpiError";
}

type Koffi = typeof import("koffi").default;
type Library = ReturnType<Koffi["load"]>;

/** Names of a library's handles and of its level of threads MPI_THREAD_FUNNELED. */
interface Handles {
  readonly world: bigint;
  readonly byte: bigint;
  readonly errorsReturn: bigint;
  readonly inPlace: bigint;
  readonly funneled: number;
}

/** The handles of each kind of library. */
const KINDS = {
  /** Its mpi.h: the same in all versions that have MPI 3. */
  openmpi: (library: Library): Handles => ({
    world: library.symbol("ompi_mpi_comm_world") as bigint,
    byte: library.symbol("ompi_mpi_byte") as bigint,
    errorsReturn: library.symbol("ompi_mpi_errors_return") as bigint,
    inPlace: 1n,
    funneled: 1,
  }),
  /** mpi.h of MPICH and of all that keep its ABI: Intel MPI, MVAPICH, Cray MPICH. */
  mpich: (): Handles => ({
    world: 0x44000000n,
    byte: 0x4c00010dn,
    errorsReturn: 0x54000001n,
    inPlace: -1n,
    funneled: 1,
  }),
  /** mpi_abi.h, which MPI 5.0 prescribes (chapter 20). */
  standard: (): Handles => ({
    world: 0x101n,
    byte: 0x247n,
    errorsReturn: 0x143n,
    inPlace: 1n,
    funneled: 1024,
  }),
};

type Kind = keyof typeof KINDS;

/** How their files are called on Linux and macOS. */
const FILES: Readonly<Record<Kind, readonly string[]>> = {
  openmpi: ["libmpi.so.40", "libmpi.40.dylib"],
  mpich: ["libmpi.so.12", "libmpich.so.12", "libmpi.12.dylib"],
  standard: ["libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi_abi.1.dylib"],
};

/** Folders of libraries beside the mpirun that PATH has, for installations that the system's linker does not know. */
function besideMpirun(): string[] {
  const bin = (process.env["PATH"] ?? "")
    .split(delimiter)
    .find((folder) => existsSync(join(folder, "mpirun")));
  if (bin === undefined) return [];
  const own = [bin, dirname(realpathSync(join(bin, "mpirun")))].map((folder) => join(dirname(folder), "lib"));
  return [...new Set(own)].filter((folder) => existsSync(folder));
}

async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import("koffi")).default;
  } catch (error) {
    throw new MpiError(
      `mpi: the package koffi, which calls C libraries, cannot be loaded: ${reason(error)}; npm install koffi`,
    );
  }
}

function open(koffi: Koffi, prefers: Kind | undefined): Library {
  const given = process.env["FOVEA_MPI_LIBRARY"];
  const order = Object.keys(FILES) as Kind[];
  if (prefers) order.sort((a, b) => Number(b === prefers) - Number(a === prefers));
  const names = given ? [given] : order.flatMap((kind) => FILES[kind]);
  const beside = given ? [] : besideMpirun();
  const paths = names.flatMap((name) => [...beside.map((folder) => join(folder, name)), name]);
  let why = "";
  for (const path of paths) {
    if (isAbsolute(path) && !existsSync(path) && !given) continue;
    try {
      return koffi.load(path, { global: true }); // Open MPI's own plug-ins look for its names
    } catch (error) {
      why ||= reason(error);
    }
  }
  throw new MpiError(
    `mpi: no library of an MPI can be loaded; got ${short(why)}; expected ${names.join(" or ")}: install Open MPI or MPICH, ` +
      "or name the file in FOVEA_MPI_LIBRARY",
  );
}

/** Which kind of library it is. @throws MpiError if no table is known for it */
function kindOf(library: Library): { kind: Kind; version: string } {
  const text = new Uint8Array(8192); // MPI_MAX_LIBRARY_VERSION_STRING is 256 or 8192
  const length = new Int32Array(1);
  try {
    library.func("int MPI_Get_library_version(void *, void *)")(text, length);
  } catch (error) {
    throw new MpiError(`mpi: the library is not an MPI 3 or newer: ${reason(error)}`);
  }
  const version = textOf(text, length);
  if (hasStandardAbi(library)) return { kind: "standard", version };
  if (/^Open MPI/.test(version)) return { kind: "openmpi", version };
  if (/MPICH|Intel\(R\) MPI|MVAPICH/.test(version)) return { kind: "mpich", version };
  throw new MpiError(
    `mpi: a library of an unknown kind; got ${short(version)}; known: Open MPI, MPICH and those with its ABI, MPI 5.0's ABI`,
  );
}

const textOf = (bytes: Uint8Array, length: Int32Array): string =>
  new TextDecoder().decode(bytes.subarray(0, length[0])).split(/[\0\n\r]/, 1)[0]!;

/** MPICH has a library of each kind, which call themselves the same: the one without the standard ABI answers −1. */
function hasStandardAbi(library: Library): boolean {
  const version = new Int32Array(2);
  try {
    library.func("int MPI_Abi_get_version(void *, void *)")(version, version.subarray(1));
  } catch {
    return false; // older than MPI 5.0
  }
  return version[0]! > 0;
}

/** The C functions that are called, and what they take; each returns an error code. "h" is a handle, "p" an address, "i" an int. */
const FUNCTIONS = {
  Init_thread: "ppip",
  Comm_set_errhandler: "hh",
  Comm_rank: "hp",
  Comm_size: "hp",
  Comm_dup: "hp",
  Barrier: "h",
  Bcast: "pihih",
  Allgather: "pihpihh",
  Allgatherv: "pihppphh",
  Ialltoall: "pihpihhp",
  Iallgather: "pihpihhp",
  Ibarrier: "hp",
  Test: "ppp",
  Finalize: "",
  Abort: "hi",
} as const;

/** What an MPI function takes: handles and addresses as bigint, memory as typed arrays. */
type Argument = number | bigint | ArrayBufferView | null;

/** An MPI library that is loaded. */
export interface MpiLibrary extends Handles {
  /** What it calls itself: "Open MPI v4.1.4, …". */
  readonly version: string;
  /** Calls MPI_<name>. @throws MpiError with what MPI_Error_string says */
  call(name: keyof typeof FUNCTIONS, ...args: Argument[]): void;
}

/**
 * Loads an MPI. `prefers`: the kind that the launcher belongs to.
 * @throws MpiError if koffi or the library are not there, or the library is of no known kind
 */
export async function loadMpi(prefers: Kind | undefined): Promise<MpiLibrary> {
  const koffi = await loadKoffi();
  const library = open(koffi, prefers);
  const { kind, version } = kindOf(library);
  const bound = (name: string, takes: string): ((...args: Argument[]) => number) => {
    const types = [...takes].map((letter) => (letter === "i" ? "int" : "void *"));
    return library.func(`MPI_${name}`, "int", types);
  };
  const functions = new Map(Object.entries(FUNCTIONS).map(([name, takes]) => [name, bound(name, takes)]));
  const errorString = bound("Error_string", "ipp");
  return {
    ...KINDS[kind](library),
    version,
    call(name, ...args) {
      const code = functions.get(name)!(...args);
      if (code === 0) return;
      const text = new Uint8Array(512); // MPI_MAX_ERROR_STRING is 256 or 512
      const length = new Int32Array(1);
      errorString(code, text, length);
      throw new MpiError(`mpi: MPI_${name} failed: ${short(textOf(text, length))}`);
    },
  };
}
