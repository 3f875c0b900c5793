import type { Readable } from 'node:stream';
import { AirlockError } from '../../report';

/** All bytes of a stream. Throws `ocm.too-large` beyond `limit` bytes. */
export async function collect(stream: Readable, limit: number, where: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  let total = 0;
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    total += bytes.length;
    if (total > limit) {
      stream.destroy();
      throw new AirlockError({
        code: 'ocm.too-large',
        message: `more than ${limit} bytes where something small is expected`,
        where,
      });
    }
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}
