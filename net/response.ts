import type { Readable } from 'node:stream';
import { AirlockError } from '../report';
import { networkError, shownUrl } from './errors';

/** Bytes of a response that is read whole, unless the caller says otherwise: 8 MiB. */
export const METADATA_LIMIT = 8 * 1024 * 1024;

/** An answer whose body has not been read yet: read it, or {@link HttpResponse.discard} it. */
export class HttpResponse {
  constructor(
    readonly method: string,
    /** After redirects. */
    readonly url: URL,
    readonly status: number,
    private readonly rawHeaders: Readonly<Record<string, string | string[] | undefined>>,
    /** Errors of this stream are undici's; {@link HttpResponse.chunks} gives typed ones. */
    readonly body: Readable,
    private readonly signal?: AbortSignal,
  ) {
    // A body that is given up before it is read fails, and nobody may be listening then.
    body.on('error', () => undefined);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** A header's value; several values are joined with a comma. `name` in lower case. */
  header(name: string): string | undefined {
    const value = this.rawHeaders[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  /** The body as it arrives, with typed errors. */
  async *chunks(): AsyncGenerator<Buffer, void, undefined> {
    try {
      for await (const chunk of this.body) yield chunk as Buffer;
    } catch (error) {
      throw networkError(error, this.url, this.signal);
    }
  }

  /** The whole body. Throws `net.response-too-large` beyond `limit` bytes. */
  async bytes(limit = METADATA_LIMIT): Promise<Buffer> {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.chunks()) {
      size += chunk.length;
      if (size > limit) {
        this.body.destroy();
        throw new AirlockError({
          code: 'net.response-too-large',
          message: `the answer of ${this.url.host} is larger than ${limit} bytes`,
          remedy: 'Check that the address is that of the service meant',
          where: shownUrl(this.url),
        });
      }
      parts.push(chunk);
    }
    return Buffer.concat(parts, size);
  }

  async text(limit?: number): Promise<string> {
    return (await this.bytes(limit)).toString('utf8');
  }

  /** Throws `net.invalid-response` when the body is not JSON. */
  async json(limit?: number): Promise<unknown> {
    const text = await this.text(limit);
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw new AirlockError({
        code: 'net.invalid-response',
        message: `the answer of ${this.url.host} is not JSON (status ${this.status})`,
        remedy: 'Check that the address is that of the service meant',
        where: shownUrl(this.url),
        cause: error,
      });
    }
  }

  /** Frees the connection: reads what little is left, or closes it. */
  async discard(): Promise<void> {
    try {
      await this.bytes(64 * 1024);
    } catch {
      this.body.destroy();
    }
  }
}
