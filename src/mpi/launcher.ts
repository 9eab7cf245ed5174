// What started this process: mpirun, mpiexec and srun leave their numbers in the environment.

/** The variables of a launcher. */
interface Launcher {
  /** The command: "mpirun", "srun", … */
  readonly name: string;
  readonly rank: string;
  readonly size: string;
  /** The number among those of its machine. */
  readonly local: string;
  /** Which library its processes load. */
  readonly library: "openmpi" | "mpich" | undefined;
}

/** The first whose variables are there counts. Slurm's own are last: its processes have those of its PMI besides. */
const LAUNCHERS: readonly Launcher[] = [
  {
    name: "mpirun",
    rank: "OMPI_COMM_WORLD_RANK",
    size: "OMPI_COMM_WORLD_SIZE",
    local: "OMPI_COMM_WORLD_LOCAL_RANK",
    library: "openmpi",
  },
  { name: "mpiexec", rank: "PMI_RANK", size: "PMI_SIZE", local: "MPI_LOCALRANKID", library: "mpich" },
  // A step's, not SLURM_NTASKS: that is there, too, in a batch script, which is one process.
  {
    name: "srun",
    rank: "SLURM_PROCID",
    size: "SLURM_STEP_NUM_TASKS",
    local: "SLURM_LOCALID",
    library: undefined,
  },
];

/** What a launcher says about this process. */
export interface Launched extends Pick<Launcher, "name" | "library"> {
  /** Its number, from 0. */
  readonly rank: number;
  /** How many processes it started. */
  readonly size: number;
  /** Its number among those of its machine, from 0. */
  readonly localRank: number;
}

/** What started this process as one of several; undefined if it is alone. */
export function launched(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Launched | undefined {
  for (const { name, rank, size, local, library } of LAUNCHERS) {
    const numbers = { rank: Number(env[rank] ?? NaN), size: Number(env[size] ?? NaN) };
    if (!Number.isInteger(numbers.rank) || !Number.isInteger(numbers.size)) continue;
    return numbers.size > 1 ? { name, library, ...numbers, localRank: Number(env[local] ?? 0) } : undefined;
  }
  return undefined;
}
