// Datasets known by name: their addresses, the hashes of their files, and their licences.

import { cifar100Classes, cifar10Classes, fashionMnistClasses } from "../../data/index.js";

/** A file to download. */
export interface CatalogFile {
  /** Addresses of the same file, tried in order. */
  readonly urls: readonly string[];
  /** MD5 of the file, in hex. */
  readonly md5: string;
  /** Size of the download in megabytes, about. */
  readonly megabytes: number;
}

/** A dataset that is known by its name. */
export interface CatalogEntry {
  /** Its full name, and a description. */
  readonly title: string;
  /** The publisher's page. */
  readonly homepage: string;
  /** Its licence. */
  readonly licence: string;
  /** Files to download. */
  readonly files: readonly CatalogFile[];
  /** Whether files are archives to be unpacked. */
  readonly archive: boolean;
  /** Folder that the archive unpacks to. */
  readonly folder?: string;
  /** Names of the classes; labels index them. */
  readonly classes: readonly string[];
}

/** The four files of MNIST and of datasets in its format. */
function idxFiles(urls: readonly string[], md5s: readonly string[]): CatalogFile[] {
  const names = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"];
  const megabytes = [9.9, 0.03, 1.6, 0.005];
  return names.map((name, i) => ({
    urls: urls.map((url) => `${url}${name}-ubyte.gz`),
    md5: md5s[i]!,
    megabytes: megabytes[i]!,
  }));
}

function imagenette(size: "" | "-320" | "-160", md5: string, megabytes: number): CatalogEntry {
  const folder = `imagenette2${size}`;
  return {
    title: `Imagenette${size && ` (short side ${size.slice(1)})`}, ten classes of ImageNet`,
    homepage: "https://github.com/fastai/imagenette",
    licence: "Apache-2.0 for the selection; the pictures remain ImageNet's (non-commercial research)",
    files: [{ urls: [`https://s3.amazonaws.com/fast-ai-imageclas/${folder}.tgz`], md5, megabytes }],
    archive: true,
    folder,
    classes: imagenetteClasses,
  };
}

/** Names of Imagenette's classes, in the order of their folders. */
export const imagenetteClasses: readonly string[] =
  "tench,English springer,cassette player,chain saw,church,French horn,garbage truck,gas pump,golf ball,parachute".split(
    ",",
  );

/**
 * Datasets that can be downloaded by name: `fetchDataset("cifar10")`, `fovea train --data cifar10
 * --download`.
 */
export const catalog: Readonly<Record<string, CatalogEntry>> = {
  mnist: {
    title: "MNIST, handwritten digits",
    homepage: "http://yann.lecun.com/exdb/mnist/",
    licence: "CC BY-SA 3.0",
    files: idxFiles(
      ["https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"],
      [
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
      ],
    ),
    archive: false,
    classes: [..."0123456789"],
  },
  fashion_mnist: {
    title: "Fashion-MNIST, articles of clothing",
    homepage: "https://github.com/zalandoresearch/fashion-mnist",
    licence: "MIT",
    files: idxFiles(
      ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
      [
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
      ],
    ),
    archive: false,
    classes: fashionMnistClasses,
  },
  cifar10: {
    title: "CIFAR-10, ten classes of 32×32",
    homepage: "https://www.cs.toronto.edu/~kriz/cifar.html",
    licence: "none stated; cite Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
    files: [
      {
        urls: ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
        md5: "c32a1d4ab5d03f1284b67883e8d87530",
        megabytes: 170,
      },
    ],
    archive: true,
    folder: "cifar-10-batches-bin",
    classes: cifar10Classes,
  },
  cifar100: {
    title: "CIFAR-100, a hundred classes of 32×32",
    homepage: "https://www.cs.toronto.edu/~kriz/cifar.html",
    licence: "none stated; cite Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
    files: [
      {
        urls: ["https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"],
        md5: "03b5dce01913d631647c71ecec9e9cb8",
        megabytes: 169,
      },
    ],
    archive: true,
    folder: "cifar-100-binary",
    classes: cifar100Classes,
  },
  imagenette: imagenette("", "fe2fc210e6bb7c5664d602c3cd71e612", 1557),
  imagenette_320: imagenette("-320", "3df6f0d01a2c9592104656642f5e78a3", 341),
  imagenette_160: imagenette("-160", "e793b78cc4c9e9a4ccc0c1155377a412", 99),
};
