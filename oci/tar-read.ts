import type { Readable } from 'node:stream';
import { extract as createExtract, type Header } from 'tar-stream';
import { AirlockError, messageOf } from '../report';

/** One entry of a tar as it passes by. */
export interface TarEntry {
  readonly header: Header;
  /** Must be read, or dropped with {@link TarEntry.skip}, before the next entry comes. */
  readonly body: AsyncIterable<Buffer>;
  skip(): void;
  /** Where the content begins, in bytes from the start of the tar. */
  readonly offset: number;
}

/** The entries of an uncompressed tar, streaming. Throws `oci.invalid-archive` for damage, naming `where`. */
export async function* tarEntries(source: Readable, where: string): AsyncGenerator<TarEntry, void, undefined> {
  const extract = createExtract();
  let failure: unknown;
  const fed = feed(source, extract).catch((error: unknown) => {
    failure = error;
    extract.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    for await (const entry of extract) {
      const header = entry.header;
      yield {
        header,
        body: entry as AsyncIterable<Buffer>,
        skip: () => void entry.resume(),
        offset: (header as Header & { readonly byteOffset: number }).byteOffset,
      };
    }
    await fed;
    if (failure !== undefined) throw failure;
  } catch (error) {
    const cause = failure ?? error;
    throw isOurs(cause) ? cause : damaged(cause, where);
  } finally {
    source.destroy();
    extract.destroy();
    await fed;
  }
}

async function feed(source: Readable, extract: ReturnType<typeof createExtract>): Promise<void> {
  let wake: () => void = () => undefined;
  extract.on('drain', () => wake());
  extract.on('close', () => wake());
  for await (const chunk of source) {
    if (extract.destroying) return;
    if (extract.write(chunk)) continue;
    await new Promise<void>(resolve => {
      wake = resolve;
      if (extract.destroying) resolve();
    });
  }
  extract.end(undefined);
}

/** Not damage of the archive: a digest mismatch, a refusal of the reader, an error of the file system, an abort. */
function isOurs(error: unknown): boolean {
  if (error instanceof AirlockError) return true;
  return (
    error instanceof Error && ((error as NodeJS.ErrnoException).syscall !== undefined || error.name === 'AbortError')
  );
}

export function damaged(error: unknown, where: string): AirlockError {
  return new AirlockError({
    code: 'oci.invalid-archive',
    message: `the archive cannot be read: ${messageOf(error)}`,
    remedy: 'It is cut short or damaged; fetch it again',
    where,
    cause: error,
  });
}
