export { catalog, imagenetteClasses, type CatalogEntry, type CatalogFile } from "./catalog.js";
export { fetchDataset, foveaHome, licenceLine, type FetchOptions } from "./fetch.js";
export { FileDataset, type FileDatasetFields, type PictureOptions } from "./file-dataset.js";
export { ImageFolder, type FolderOptions } from "./folder.js";
export { loadCifar10, loadCifar100, loadMnist } from "./formats.js";
export { ImageList, type ListOptions } from "./list.js";
export { datasetNames, loadDataset, type LoadedDataset, type LoadOptions } from "./load.js";
export { openDataset } from "./open.js";
export { TarDataset, type TarOptions } from "./tar.js";
