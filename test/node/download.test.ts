import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { DataError } from "../../src/errors.js";
import { fetchDataset, licenceLine, loadDataset, type CatalogEntry } from "../../src/node/datasets/index.js";
import { download, hashFile, type DownloadProgress } from "../../src/node/download.js";
import { downloadProgress } from "../../src/node/progress.js";
import { unpack } from "../../src/node/unpack.js";
import { idx, png, tar } from "../helpers/pictures.js";

const random = new Random(4);
const content = Uint8Array.from({ length: 300_000 }, () => random.integer(256));
const md5 = createHash("md5").update(content).digest("hex");

/** What the server does next; a list is worked off, its last behaviour stays. */
type Behaviour = "whole" | "range" | "break" | "stall" | "404" | "500" | "no-length";
let behaviours: Behaviour[];
let requests: { range: string | undefined; ifRange: string | undefined }[];
let files: Record<string, Uint8Array>;
let etag: string;
let server: Server;
let url: string;
let folder: string;

function answer(request: IncomingMessage, response: ServerResponse): void {
  const behaviour = behaviours.length > 1 ? behaviours.shift()! : behaviours[0]!;
  const { range } = request.headers;
  const ifRange = request.headers["if-range"] as string | undefined;
  requests.push({ range, ifRange });
  const data = files[request.url!];
  if (!data || behaviour === "404" || behaviour === "500") {
    response.writeHead(behaviour === "500" ? 500 : 404).end("sorry");
    return;
  }
  const first = behaviour !== "whole" && range && ifRange === etag ? Number(/=(\d+)-/.exec(range)![1]) : 0;
  if (first >= data.length) {
    response.writeHead(416, { "content-range": `bytes */${data.length}` }).end();
    return;
  }
  const headers: Record<string, string | number> = { etag };
  if (behaviour !== "no-length") headers["content-length"] = data.length - first;
  if (first > 0) headers["content-range"] = `bytes ${first}-${data.length - 1}/${data.length}`;
  response.writeHead(first > 0 ? 206 : 200, headers);
  if (behaviour === "break" || behaviour === "stall") {
    response.write(data.subarray(first, first + 100_000), () => {
      if (behaviour === "break") setTimeout(() => response.destroy(), 50);
    });
  } else response.end(data.subarray(first));
}

beforeEach(async () => {
  [behaviours, requests, files, etag] = [["range"], [], { "/file": content }, '"one"'];
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
  folder = await mkdtemp(join(tmpdir(), "fovea-"));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const target = (): string => join(folder, "deep", "file");
const whole = async (): Promise<boolean> => Buffer.compare(await readFile(target()), content) === 0;

describe("downloadProgress", () => {
  it("rewrites a line on a terminal, and clears it at the end", async () => {
    const written: string[] = [];
    const write = (text: string): boolean => written.push(text) > 0;
    const tell = downloadProgress({ isTTY: true, write });
    await new Promise((resolve) => setTimeout(resolve, 150));
    tell({ url, received: 1_250_000, total: 3_000_000 });
    tell({ url, received: 1_300_000, total: 3_000_000 });
    tell({ url, received: 3_000_000, total: 3_000_000 });
    expect(written).toEqual(["\r\x1b[Kfile  1.3 of 3.0 MB", "\r\x1b[K"]);
  });
});

describe("download", () => {
  it("downloads a file, reports progress, leaves nothing beside it", async () => {
    const progress: DownloadProgress[] = [];
    await download(url, target(), { md5, onProgress: (p) => progress.push(p) });
    expect(await whole()).toBe(true);
    expect(await readdir(join(folder, "deep"))).toEqual(["file"]);
    expect(progress.at(-1)).toEqual({ url, received: 300_000, total: 300_000 });
    expect(progress.every((p, i) => i === 0 || p.received > progress[i - 1]!.received)).toBe(true);
    expect(await hashFile(target(), "sha256")).toBe(createHash("sha256").update(content).digest("hex"));
  });

  it("goes on where a transfer broke off", async () => {
    behaviours = ["break", "range"];
    await download(url, target(), { md5 });
    expect(await whole()).toBe(true);
    expect(requests).toEqual([
      { range: undefined, ifRange: undefined },
      { range: "bytes=100000-", ifRange: '"one"' },
    ]);
  });

  it("goes on in a later call", async () => {
    behaviours = ["break"];
    await expect(download(url, target(), { md5, attempts: 1 })).rejects.toThrow(DataError);
    expect(existsSync(target())).toBe(false);
    behaviours = ["range"];
    await download(url, target(), { md5 });
    expect(await whole()).toBe(true);
    expect(requests[1]!.range).toBe("bytes=100000-");
  });

  it("begins again where the server knows no ranges, or the file has changed", async () => {
    behaviours = ["break", "whole"];
    await download(url, target(), { md5 });
    expect(await whole()).toBe(true);
    await rm(target());
    behaviours = ["break"];
    await expect(download(url, target(), { attempts: 1 })).rejects.toThrow("transfer");
    [behaviours, etag] = [["range"], '"two"'];
    await download(url, target(), { md5 });
    expect(await whole()).toBe(true);
  });

  it("takes a part that is whole already", async () => {
    await download(url, target());
    await writeFile(`${target()}.part`, content);
    await writeFile(`${target()}.part.json`, JSON.stringify({ url, validator: etag }));
    await rm(target());
    await download(url, target(), { md5 });
    expect(await whole()).toBe(true);
  });

  it("does without a length", async () => {
    behaviours = ["no-length"];
    const totals = new Set<number | undefined>();
    await download(url, target(), { md5, onProgress: ({ total }) => totals.add(total) });
    expect(await whole()).toBe(true);
    expect([...totals]).toEqual([undefined]);
  });

  it("refuses a wrong hash and keeps nothing", async () => {
    const wrong = "0".repeat(32);
    await expect(download(url, target(), { md5: wrong })).rejects.toThrow(
      new DataError(`${target()}: cannot be downloaded: ${url}: wrong md5; got ${md5}; expected ${wrong}`),
    );
    expect(await readdir(join(folder, "deep"))).toEqual([]);
  });

  it("reports the server's answer, and asks once", async () => {
    behaviours = ["404"];
    await expect(download(url, target())).rejects.toThrow(
      new DataError(`${target()}: cannot be downloaded: ${url}: got HTTP status 404; expected 200`),
    );
    expect(requests).toHaveLength(1);
  });

  it("tries the next address", async () => {
    behaviours = ["500", "range"];
    await download([`${url}?a`, url], target(), { md5 });
    expect(await whole()).toBe(true);
  });

  it("gives up a server that falls silent, and one that is not there", async () => {
    behaviours = ["stall"];
    await expect(download(url, target(), { attempts: 1, stall: 200 })).rejects.toThrow("transfer broken off");
    const nowhere = "http://127.0.0.1:1/file";
    await expect(download(nowhere, target(), { attempts: 1 })).rejects.toThrow(
      `${nowhere}: transfer broken off`,
    );
  });
});

describe("unpack", () => {
  const archive = (): string => join(folder, "a.bin");

  it("unpacks .tar and .tar.gz by their bytes", async () => {
    const bytes = tar([
      ["set/a/1.txt", "one"],
      ["./set/b.txt", "two"],
    ]);
    for (const packed of [bytes, gzipSync(bytes)]) {
      await writeFile(archive(), packed);
      await unpack(archive(), join(folder, "out"));
      expect(await readFile(join(folder, "out/set/a/1.txt"), "utf8")).toBe("one");
      expect(await readFile(join(folder, "out/set/b.txt"), "utf8")).toBe("two");
      expect(await readdir(join(folder, "out"))).toEqual(["set"]);
    }
  });

  it.each([
    ["../evil", "0", 'got "../evil"; expected a path below it'],
    ["a/../../evil", "0", 'got "a/../../evil"; expected a path below it'],
    ["/etc/evil", "0", 'got "/etc/evil"; expected a path below it'],
    ["a\\..\\..\\evil", "0", "expected a path below it"],
    ["C:evil", "0", 'got "C:evil"; expected a path below it'],
    ["link", "2", "got symlink 'link'; expected files and folders"],
    ["link", "1", "got link 'link'; expected files and folders"],
  ])("refuses %s of type %s", async (name, type, message) => {
    await writeFile(
      archive(),
      tar([
        ["good", "x"],
        [name, type === "0" ? "evil" : "", type],
      ]),
    );
    await expect(unpack(archive(), join(folder, "out"))).rejects.toThrow(message);
    await expect(unpack(archive(), join(folder, "out"))).rejects.toThrow(DataError);
    expect(await readdir(join(folder, "out"))).toEqual([]);
    expect(existsSync(join(folder, "evil"))).toBe(false);
  });

  it("refuses what is damaged, and leaves the folder as it was", async () => {
    await unpackable("old");
    await writeFile(archive(), gzipSync(tar([["set/a.txt", content]])).subarray(0, 5000));
    await expect(unpack(archive(), join(folder, "out"))).rejects.toThrow(
      `${archive()}: cannot be unpacked: `,
    );
    expect(await readFile(join(folder, "out/set/a.txt"), "utf8")).toBe("old");
    await writeFile(archive(), "no archive at all");
    await expect(unpack(archive(), join(folder, "out"))).rejects.toThrow(DataError);
    const spoilt = tar([["set/a.txt", "new"]]);
    spoilt[0]! ^= 1;
    for (const bytes of [spoilt, new Uint8Array(0), randomBytes(2048)]) {
      await writeFile(archive(), bytes);
      await expect(unpack(archive(), join(folder, "out")), `${bytes.length}`).rejects.toThrow(DataError);
    }
    expect(await readFile(join(folder, "out/set/a.txt"), "utf8")).toBe("old");
  });

  it("refuses an archive that is cut anywhere, before the zeros at its end too", async () => {
    const bytes = tar([
      ["a.txt", content.subarray(0, 1300)],
      ["b.txt", "two"],
    ]);
    for (const length of [100, 512, 700, 1812, 1900, 2100, bytes.length - 1024, bytes.length - 512]) {
      await writeFile(archive(), bytes.subarray(0, length));
      await expect(unpack(archive(), join(folder, "out")), `${length}`).rejects.toThrow(
        `${archive()}: cannot be unpacked: `,
      );
      expect(await readdir(join(folder, "out"))).toEqual([]);
    }
  });

  it("gives files their long names, and makes empty folders", async () => {
    const long = `${"folder/".repeat(40)}file.txt`;
    const record = ` path=pax/${long}\n`;
    await writeFile(
      archive(),
      tar([
        ["././@LongLink", `gnu/${long}\0`, "L"],
        ["cut", "one"],
        ["pax", `${record.length + 3}${record}`, "x"],
        ["cut", "two"],
        ["empty/", "", "5"],
      ]),
    );
    await unpack(archive(), join(folder, "out"));
    expect(await readFile(join(folder, "out/gnu", long), "utf8")).toBe("one");
    expect(await readFile(join(folder, "out/pax", long), "utf8")).toBe("two");
    expect(await readdir(join(folder, "out/empty"))).toEqual([]);
  });

  it("does not hold the archive, nor more than a little of a file, in memory", async () => {
    const size = 300 * 2 ** 20;
    await writeFile(archive(), tar([["big", ""]]).subarray(0, 512));
    const header = await readFile(archive());
    header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
    header.write("        ", 148);
    header.write(
      `${header
        .reduce((a, b) => a + b, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
      148,
    );
    await writeFile(archive(), header);
    await truncate(archive(), 512 + size + 1024);
    const before = process.memoryUsage().rss;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5);
    await unpack(archive(), join(folder, "out"));
    clearInterval(watch);
    expect((await stat(join(folder, "out/big"))).size).toBe(size);
    expect((most - before) / 2 ** 20).toBeLessThan(150);
  });

  async function unpackable(text: string): Promise<void> {
    await writeFile(archive(), tar([["set/a.txt", text]]));
    await unpack(archive(), join(folder, "out"));
  }
});

describe("datasets by name", () => {
  const entry = (names: readonly string[], rest: Partial<CatalogEntry>): CatalogEntry => ({
    title: "test",
    homepage: "",
    licence: "none",
    archive: false,
    classes: [..."0123456789"],
    files: names.map((name) => ({
      urls: [url.replace("/file", `/${name}`)],
      md5: createHash("md5").update(files[`/${name}`]!).digest("hex"),
      megabytes: 1,
    })),
    ...rest,
  });

  it("downloads, shows the licence, and loads the IDX files as they come", async () => {
    const sets = { train: 3, t10k: 2 };
    for (const [part, n] of Object.entries(sets)) {
      const pixels = Array.from({ length: n * 4 }, (_, i) => i);
      files[`/${part}-images-idx3-ubyte.gz`] = gzipSync(idx([n, 2, 2], pixels));
      files[`/${part}-labels-idx1-ubyte.gz`] = gzipSync(idx([n], pixels.slice(0, n)));
    }
    const options = {
      root: folder,
      entry: entry(
        Object.keys(files)
          .slice(1)
          .map((f) => f.slice(1)),
        {},
      ),
    };
    await expect(loadDataset("fashion_mnist", { root: folder })).rejects.toThrow(
      `fashion_mnist: not in ${join(folder, "fashion_mnist")}; download: true (--download) fetches it (Fashion-MNIST`,
    );
    const lines: string[] = [];
    const onLicence = (line: string): void => void lines.push(line);
    const { train, val } = await loadDataset("fashion_mnist", { ...options, download: true, onLicence });
    expect([train.length, val!.length]).toEqual([3, 2]);
    expect(train.classes[9]).toBe("Ankle boot");
    expect(lines).toEqual([licenceLine("fashion_mnist")]);
    expect(lines[0]).toMatch(/licence: MIT$/);
    await loadDataset("fashion_mnist", { root: folder, download: true });
    expect(requests).toHaveLength(4);
  });

  it("downloads and unpacks archives", async () => {
    files["/set.tgz"] = gzipSync(
      tar([
        ["imagenette2-160/train/n1/a.JPEG", png(2, 2, [1, 2, 3])],
        ["imagenette2-160/val/n1/b.JPEG", png(2, 2, [1, 2, 3])],
      ]),
    );
    const options = {
      root: folder,
      entry: entry(["set.tgz"], { archive: true, folder: "imagenette2-160" }),
      onLicence: () => {},
    };
    const path = await fetchDataset("imagenette_160", options);
    expect((await readdir(path)).sort()).toEqual(["train", "val"]);
    expect(await readdir(join(folder, "imagenette_160"))).toEqual(["imagenette2-160"]);
    await expect(loadDataset(import.meta.filename)).rejects.toThrow(
      new DataError(
        `${import.meta.filename}: not a folder; expected a dataset's, or a list (.txt, .csv, .tsv)`,
      ),
    );
    const { train, val } = await loadDataset(path);
    expect([train.length, val!.length]).toEqual([1, 1]);
    const wrong = { ...options, root: join(folder, "2"), entry: { ...options.entry, folder: "other" } };
    await expect(fetchDataset("imagenette_160", wrong)).rejects.toThrow("archive without other");
  });

  it("lists what is known", async () => {
    const known = "cifar10, cifar100, fashion_mnist, imagenette, imagenette_160, imagenette_320, mnist";
    await expect(fetchDataset("svhn")).rejects.toThrow(
      new DataError(`dataset: unknown name 'svhn'; known: ${known}`),
    );
    await expect(loadDataset("svhn")).rejects.toThrow(
      new DataError(
        `svhn: no such folder or dataset; known: ${known.replace("imagenette,", "imagenet, imagenette,")}`,
      ),
    );
  });
});
