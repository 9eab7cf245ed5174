export { FileDataset, readBytes, type FileDatasetFields, type PictureOptions } from "./file-dataset.js";
export { ImageFolder, type FolderOptions } from "./folder.js";
export { ImageList, type ListOptions } from "./list.js";
export { openDataset } from "./open.js";
export { TarDataset, type TarOptions } from "./tar.js";
