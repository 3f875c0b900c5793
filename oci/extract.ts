import { createWriteStream } from 'node:fs';
import { chmod, link, lstat, mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AirlockError } from '../report';
import { decompressed } from './decompress';
import { assertSafePath, invalidEntry } from './tar-entries';
import { tarEntries, type TarEntry } from './tar-read';

export interface ExtractOptions {
  /** Most bytes written in all. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Most entries. Default 100,000. */
  readonly maxEntries?: number;
  /** Names the archive in messages. */
  readonly where?: string;
  readonly signal?: AbortSignal;
}

/**
 * Unpacks a tar, gzip or zstd included, into an existing folder. Nothing is written outside it: absolute paths, `..`, links
 * that lead out, writing through links and device files are refused (`oci.unsafe-archive`, `oci.invalid-entry`), as is
 * more than the bounds allow (`oci.archive-too-large`). Owners, setuid bits and times are not taken over.
 * On an error, what was unpacked before stays; unpack beside and rename where that matters.
 */
export async function extractLayer(
  source: Readable,
  folder: string,
  options: ExtractOptions = {},
): Promise<{ entries: number; bytes: number }> {
  const unpacking = new Unpacking(resolve(folder), options);
  const { signal } = options;
  const stop = (): void => void source.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    const plain = await decompressed(source);
    for await (const entry of tarEntries(plain, options.where ?? 'archive')) await unpacking.add(entry);
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', stop);
    source.destroy();
  }
  return unpacking.written;
}

class Unpacking {
  private readonly maxBytes: number;
  private readonly maxEntries: number;
  readonly written = { entries: 0, bytes: 0 };
  /** Folders known to be real folders, no links, so that they are looked at once. */
  private readonly solid = new Set<string>();

  constructor(
    private readonly root: string,
    private readonly options: ExtractOptions,
  ) {
    this.maxBytes = options.maxBytes ?? 1024 ** 3;
    this.maxEntries = options.maxEntries ?? 100_000;
  }

  async add(entry: TarEntry): Promise<void> {
    const { name, type, linkname } = entry.header;
    const size = entry.header.size;
    if (++this.written.entries > this.maxEntries) throw this.tooLarge(`more than ${this.maxEntries} entries`);
    const path = name.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
    if (path === '' || path === '.') {
      return;
    }
    if (path.startsWith('/') || path.split('/').includes('..')) throw this.unsafe(name, 'leads out of the folder');
    assertSafePath(path);
    const target = join(this.root, path);
    await this.folder(dirname(target), name);
    switch (type) {
      case 'directory':
        await this.makeFolder(target, name);
        break;
      case 'file':
        if (this.written.bytes + size > this.maxBytes) throw this.tooLarge(`more than ${this.maxBytes} bytes`);
        this.written.bytes += size;
        await this.replace(target);
        await writeFile(entry, target, entry.header.mode & 0o111 ? 0o755 : 0o644);
        return;
      case 'symlink':
        this.assertInside(path, linkname, name);
        await this.replace(target);
        await symlink(linkname, target);
        break;
      case 'link':
        await this.hardLink(target, linkname, name);
        break;
      default:
        throw this.unsafe(name, `is a ${type}, which is not unpacked`);
    }
  }

  /** Makes a folder and those above it, refusing to pass through a link. */
  private async folder(path: string, name: string): Promise<void> {
    if (path === this.root || this.solid.has(path)) return;
    await this.folder(dirname(path), name);
    const info = await lstat(path).catch(() => undefined);
    if (!info) await mkdir(path, { mode: 0o755 });
    else if (!info.isDirectory())
      throw this.unsafe(name, `passes through ${relative(this.root, path)}, which is no folder`);
    this.solid.add(path);
  }

  private async makeFolder(path: string, name: string): Promise<void> {
    const info = await lstat(path).catch(() => undefined);
    if (info && !info.isDirectory()) await this.replace(path);
    await this.folder(path, name);
  }

  /**
   * A symbolic link may name only what is inside. `..` is taken at the beginning only: the folders above the link are real
   * ones, so there it means what it says; after a name it could step up from where another link leads.
   */
  private assertInside(path: string, target: string, name: string): void {
    if (target === '' || target.includes('\0')) throw this.unsafe(name, 'is a link to nothing');
    const up = /^(?:\.\.(?:\/|$))*/.exec(target)?.[0].split('..').length ?? 1;
    const outside = target.startsWith('/') || up - 1 > path.split('/').length - 1;
    const rest = target.replace(/^(?:\.\.(?:\/|$))*/, '');
    if (outside || rest.split('/').includes('..')) throw this.unsafe(name, 'is a link that leads out of the folder');
  }

  private async hardLink(path: string, target: string, name: string): Promise<void> {
    const clean = target.replace(/^(\.\/)+/, '');
    if (clean.startsWith('/') || clean.split('/').includes('..'))
      throw this.unsafe(name, 'is a hard link that leads out of the folder');
    assertSafePath(clean);
    const existing = join(this.root, clean);
    await this.folder(dirname(existing), name);
    const info = await lstat(existing).catch(() => undefined);
    if (!info?.isFile()) throw this.unsafe(name, 'is a hard link to something that is not a file of this archive');
    if (existing === path) return;
    await this.replace(path);
    await link(existing, path);
  }

  /** Later entries win; a folder is not replaced by something else silently. */
  private async replace(path: string): Promise<void> {
    const info = await lstat(path).catch(() => undefined);
    if (info?.isDirectory())
      throw invalidEntry(relative(this.root, path).split(sep).join('/'), 'would replace a folder', this.options.where);
    if (info) await rm(path);
  }

  private unsafe(name: string, why: string): AirlockError {
    return new AirlockError({
      code: 'oci.unsafe-archive',
      message: `archive entry "${name.replace(/\p{Cc}+/gu, '?').slice(0, 200)}" ${why}`,
      remedy: 'Do not use this archive; ask whoever published it',
      ...(this.options.where === undefined ? {} : { where: this.options.where }),
    });
  }

  private tooLarge(what: string): AirlockError {
    return new AirlockError({
      code: 'oci.archive-too-large',
      message: `the archive holds ${what}`,
      remedy: 'Check that it is the archive meant',
      ...(this.options.where === undefined ? {} : { where: this.options.where }),
    });
  }
}

/** The mode is set by chmod, so that the umask of this process does not decide. */
async function writeFile(entry: TarEntry, path: string, mode: number): Promise<void> {
  await pipeline(entry.body, createWriteStream(path, { flags: 'wx', mode }));
  await chmod(path, mode);
}
