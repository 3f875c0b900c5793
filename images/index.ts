export { cacheDir, contentKey, diskFull, ensureFolder, freeSpace, requireSpace, withLock } from './cache';
export { type CommandOptions, type CommandResult, run } from './command';
export { type BinaryName, ensureBinary, giteaStaticRoot, podinfoUi, podinfoVersions } from './binaries';
export { goVersion } from './golang';
export { KIND_VERSION, KUBERNETES_VERSION } from './programs';
export { projectRoot } from './root';
export { aptInstall, notInstalled } from './apt';
