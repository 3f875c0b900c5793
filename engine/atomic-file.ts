import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import * as path from 'node:path';
import { AirlockError } from '../report';

const REASONS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOTDIR: 'a part of the path is not a folder',
  EROFS: 'the file system is read-only',
};

const REMEDIES: Record<string, string> = {
  ENOSPC: 'Free some space on that disk and run the command again',
  EACCES: 'Give this user the right to write there',
  EPERM: 'Choose a place that can be written to',
  ENOTDIR: 'Choose a place below a folder',
  EROFS: 'Choose a place that can be written to',
};

/** An I/O failure on `file`, as an error with a remedy where one is known. */
export function fileError(cause: unknown, doing: string, file: string): AirlockError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  const remedy = REMEDIES[code];
  return new AirlockError({
    code: code === 'ENOSPC' ? 'engine.disk-full' : 'engine.file-failed',
    message: `${doing} failed${code ? `: ${REASONS[code] ?? code}` : ''}`,
    where: file,
    cause,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/** Writes beside `file`, flushes, and renames: a reader or a crash sees the old content or the new, never a part. */
export async function writeAtomically(file: string, data: string | Buffer): Promise<void> {
  const beside = path.join(
    path.dirname(file),
    `.${path.basename(file)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`,
  );
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const handle = await open(beside, 'w', 0o600);
    try {
      await handle.writeFile(data);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw fileError(error, `Writing ${path.basename(file)}`, file);
  }
}
