import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { at, numberAt, textAt, type KubernetesObject, type ObjectKey } from '../../cluster';

/** `status.artifact` of a source (fluxcd.io/pkg/apis/meta, Artifact). */
export interface Artifact {
  readonly path: string;
  readonly url: string;
  readonly revision: string;
  readonly digest: string;
  readonly lastUpdateTime: string;
  /** Bytes. */
  readonly size: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

export function artifactOf(object: KubernetesObject): Artifact | undefined {
  const artifact = at(object, 'status', 'artifact');
  const complete =
    textAt(artifact, 'path') &&
    textAt(artifact, 'digest') &&
    textAt(artifact, 'revision') &&
    numberAt(artifact, 'size') !== undefined;
  return complete ? (artifact as Artifact) : undefined;
}

/** A path segment as Kubernetes names are, or a file we make. */
const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._:-]*$/;
/** Artifacts of a source that stay besides the one advertised, and how long, so that a client that has just read the old URL can fetch it. */
const RETAINED = 2;
const RETENTION = 60_000;

/** Artifacts on disk, one folder per source: `<kind>/<namespace>/<name>/<revision>.tar.gz`. */
export class ArtifactStorage {
  private readonly base: string;

  /** `advertiseUrl`: where others reach the file server, `http://host[:port]`. */
  constructor(
    private readonly root: string,
    advertiseUrl: string,
  ) {
    this.base = advertiseUrl.replace(/\/+$/, '');
  }

  /** Makes the folder, and removes what an interrupted run left half written. */
  async prepare(): Promise<void> {
    await mkdir(join(this.root, '.partial'), { recursive: true });
    for (const name of await readdir(join(this.root, '.partial')))
      await rm(join(this.root, '.partial', name), { force: true });
  }

  urlOf(path: string): string {
    return `${this.base}/${path}`;
  }

  /** The file for a path of a request; undefined where the path is not exactly kind/namespace/name/file. */
  locate(path: string): string | undefined {
    const parts = path.split('/');
    if (parts.length !== 4 || !parts.every(part => SEGMENT.test(part) && !part.includes('..'))) return undefined;
    return join(this.root, ...parts);
  }

  /** Writes an artifact beside and renames it, and says what to advertise. */
  async store(
    key: ObjectKey,
    file: string,
    revision: string,
    open: () => Readable,
    signal?: AbortSignal,
  ): Promise<Artifact> {
    const path = `${this.folderOf(key)}/${file}`;
    const target = this.locate(path);
    if (!target) throw new Error(`not a file name for an artifact: ${file}`);
    const partial = join(this.root, '.partial', randomUUID());
    const hash = createHash('sha256');
    let size = 0;
    try {
      await mkdir(join(target, '..'), { recursive: true });
      await pipeline(
        open(),
        async function* (chunks) {
          for await (const chunk of chunks as AsyncIterable<Buffer>) {
            hash.update(chunk);
            size += chunk.length;
            yield chunk;
          }
        },
        createWriteStream(partial, { flush: true }),
        signal ? { signal } : {},
      );
      await rename(partial, target);
    } finally {
      await rm(partial, { force: true });
    }
    return {
      path,
      url: this.urlOf(path),
      revision,
      digest: `sha256:${hash.digest('hex')}`,
      lastUpdateTime: now(),
      size,
    };
  }

  /** True where the file is there with the bytes that the status names. */
  async verify(artifact: Artifact): Promise<boolean> {
    const file = this.locate(artifact.path);
    const info = file ? await stat(file).catch(() => undefined) : undefined;
    if (!file || !info?.isFile() || info.size !== artifact.size) return false;
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    return `sha256:${hash.digest('hex')}` === artifact.digest;
  }

  /** Removes what is neither advertised nor fresh. */
  async collect(key: ObjectKey, current: Artifact): Promise<void> {
    const folder = join(this.root, this.folderOf(key));
    const files = await Promise.all(
      (await readdir(folder).catch(() => [])).map(async name => ({
        name,
        time: (await stat(join(folder, name))).mtimeMs,
      })),
    );
    const others = files.filter(file => !current.path.endsWith(`/${file.name}`)).sort((a, b) => b.time - a.time);
    for (const [index, file] of others.entries()) {
      if (index >= RETAINED || Date.now() - file.time > RETENTION) await rm(join(folder, file.name), { force: true });
    }
  }

  /** Removes all artifacts of a source. */
  async removeAll(key: ObjectKey): Promise<void> {
    await rm(join(this.root, this.folderOf(key)), { recursive: true, force: true });
  }

  private folderOf(key: ObjectKey): string {
    return `${key.kind.toLowerCase()}/${key.namespace ?? ''}/${key.name}`;
  }
}

/** Kubernetes times have no fraction of a second. */
export function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
