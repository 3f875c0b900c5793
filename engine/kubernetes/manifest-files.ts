import { glob, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AirlockError, messageOf } from '../../report';

/** Largest manifest that is downloaded, in bytes, and how long its server may stay silent, in milliseconds. */
const limits = { bytes: 32 << 20, silence: 30_000 };

/**
 * The manifests that `file` names: a path, relative to the directory of the program, a pattern of paths (in their order), or an http(s)
 * URL, which is read anew on every run, previews included, as the Kubernetes provider does.
 *
 * @throws `engine.missing-manifest`
 */
export async function* manifestTexts(
  file: string,
  signal: AbortSignal,
): AsyncGenerator<{ readonly source: string; readonly text: string }> {
  if (/^https?:/.test(file)) {
    // What is shown, in errors too, has no account and no query in it: both may be secret.
    const { origin, pathname } = new URL(file);
    const source = origin + pathname;
    yield { source, text: await download(file, source, signal) };
    return;
  }
  for (const path of await expand(file)) yield { source: path, text: await readText(path) };
}

async function expand(file: string): Promise<string[]> {
  if (!/[*?[]/.test(file)) return [file];
  const found: string[] = [];
  for await (const path of glob(file)) found.push(path);
  return found.sort();
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(resolve(path), 'utf8');
  } catch (error) {
    throw missing(path, messageOf(error), 'Check the path; it is relative to the directory of the program', error);
  }
}

async function download(url: string, source: string, signal: AbortSignal): Promise<string> {
  const remedy = 'Check the address, or keep a copy of the manifest beside the program and name that file';
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(), limits.silence);
  try {
    if (new URL(url).username)
      throw new Error('its address names an account, which the program and the state would show');
    const response = await fetch(url, { signal: AbortSignal.any([signal, silent.signal]) });
    if (!response.ok) throw new Error(`its server answered ${response.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    const body = response.body as AsyncIterable<Uint8Array> | null;
    for await (const chunk of body ?? []) {
      timer.refresh();
      size += chunk.byteLength;
      if (size > limits.bytes) throw new Error(`it is larger than ${limits.bytes >> 20} MiB`);
      chunks.push(chunk);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    if (signal.aborted) throw error;
    const cause = error instanceof Error ? error.cause : undefined;
    const reason = silent.signal.aborted
      ? `its server was silent for ${limits.silence / 1000} s`
      : messageOf(cause instanceof Error ? cause : error);
    throw missing(source, reason, remedy, error);
  } finally {
    clearTimeout(timer);
  }
}

function missing(source: string, reason: string, remedy: string, cause: unknown): AirlockError {
  return new AirlockError({
    code: 'engine.missing-manifest',
    message: `The manifest ${source} cannot be read: ${reason}`,
    where: source,
    remedy,
    cause,
  });
}
