import { Readable } from 'node:stream';
import { Registry } from '../../oci';

/**
 * A program of its own, to be killed: uploads a blob of `size` zero bytes to `host/name` in chunks of `chunk` bytes, and waits for
 * ever after the first chunk.
 */
const [host = '', name = '', digest = '', size = '0', chunk = '0'] = process.argv.slice(2);

async function* stalling(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(Number(chunk));
  process.stdout.write('sent\n');
  await new Promise(() => setInterval(() => undefined, 1000));
}

const registry = new Registry(`http://${host}`, { credentials: 'anonymous', chunkFrom: 1, chunkSize: Number(chunk) });
void registry
  .repository(name)
  .push({ mediaType: 'application/octet-stream', digest, size: Number(size) }, () => Readable.from(stalling()));
