import { statfsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { nativeSources } from "./test/helpers/native-sources.js";

/** Tests keep what they find, and would fetch, apart from what is whoever's who runs them. */
const HOME = fileURLToPath(new URL("build/home", import.meta.url));

interface Ring {
  include: string[];
  exclude?: string[];
  env?: Record<string, string>;
  /** Milliseconds that a test may take. */
  timeout?: number;
}

/** What each ring of tests runs: `vitest run --mode quick`, `vitest run`, `vitest run --mode long`, `vitest run --mode engine`. */
const RINGS: Record<string, Ring> = {
  // A row of every operation and algorithm, LeNet's steps, a file of each format, the barrel, the README's programs.
  quick: {
    include: [
      "test/architecture.test.ts",
      "test/barrel.test.ts",
      "test/formats.test.ts",
      "test/readme.test.ts",
      "test/golden/golden.test.ts",
      "test/ops/{algorithms,forward,gradient}.test.ts",
    ],
  },
  test: { include: ["test/**/*.test.ts"], exclude: ["test/long/**"] },
  // What another engine may do differently: numbers, threads, memory, workers. CI runs it on a second version of Node.
  engine: {
    include: [
      "test/wasm/*.test.ts",
      "test/kernels/{abi,ulp}.test.ts",
      "test/core/{autograd,out-of-memory,random,random-graphs,synchronous}.test.ts",
      "test/ops/{algorithms,fusion}.test.ts",
      "test/golden/golden.test.ts",
      "test/train/resume.test.ts",
      "test/node/{data-workers,from-module}.test.ts",
      "test/mpi/memory.test.ts",
    ],
  },
  // By hand: everything, with rows that take long and hardly ever fail alone, many times the mutants and kills, the peers, the browsers.
  long: {
    include: ["test/**/*.test.ts"],
    env: { FOVEA_FUZZ: "30" },
    timeout: 3_600_000,
  },
};

/** The files that take longest, longest first: they go before all others, so that at the end no worker waits for another. */
const LONGEST =
  `guides mpi/train mpi/predict golden/zoo models/registry models/training golden/models cli/exit-codes cli/train node/option-effects examples web/pages web/page ops/gradient train/grad-cam
  node/data-workers node/kill golden/paddle-models ops/winograd optim/steps cli/trained models/options ops/large ops/tiles golden/golden kernels/ranges
  onnx/export node/weights core/misuse golden/published public/misuse cli/check`.split(/\s+/);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig(({ mode }) => {
  const ring = RINGS[mode];
  if (!ring) throw new Error(`vitest: unknown ring '${mode}'; known: ${Object.keys(RINGS).join(", ")}`);
  return {
    plugins: [nativeSources()],
    test: {
      server: { deps: { external: [/\/build\/tested\//] } },
      include: ring.include,
      exclude: [...configDefaults.exclude, ...(ring.exclude ?? [])],
      globalSetup: "test/helpers/setup.ts",
      sequence: { sequencer: LongestFirst },
      testTimeout: ring.timeout ?? 60_000,
      hookTimeout: 60_000,
      // Files run side by side, each on one thread; tests of threads ask for more themselves.
      maxWorkers: Math.max(2, availableParallelism() - 1),
      env: {
        FOVEA_THREADS: "1",
        FOVEA_HOME: HOME,
        FOVEA_RING: mode,
        ...temporary(),
        ...ring.env,
        ...pick("FOVEA_FUZZ"),
      },
    },
  };
});

/** Temporary files lie in memory where there is room: hundreds of small training runs wait for a disk longer than they compute. */
function temporary(): Record<string, string> {
  const folder = "/dev/shm";
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < 4 * 2 ** 30 ? {} : { TMPDIR: folder };
  } catch {
    return {}; // no Linux
  }
}

/** A variable that the caller has set. */
function pick(name: string): Record<string, string> {
  const value = process.env[name];
  return value === undefined ? {} : { [name]: value };
}
