import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { HttpClient } from '../net';

/** A registry of its own for one measurement: anonymous, on loopback, writing what it is asked into a log. */
export interface BenchRegistry {
  readonly host: string;
  /** Requests answered since the start, or since the last call of `mark`. */
  requests(): Promise<number>;
  mark(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts `binary` (the distribution project's registry) on a free port, its content in `folder`, which is removed at the end. */
export async function startRegistry(binary: string, folder: string): Promise<BenchRegistry> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const log = join(folder, 'log');
  await writeFile(
    join(folder, 'config.yml'),
    `version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: ${join(folder, 'data')}, maxthreads: 100 } }
http: { addr: '127.0.0.1:${port}', relativeurls: true }
`,
  );
  const child = spawn(binary, ['serve', join(folder, 'config.yml')], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
  });
  const sink = createWriteStream(log);
  child.stdout.pipe(sink);
  const http = new HttpClient();
  await http.request({ url: `http://127.0.0.1:${port}/v2/` }).then(response => response.discard());
  await http.close();
  let marked = 0;
  const lines = async (): Promise<number> => {
    // The log is written behind the answers.
    await new Promise(resolve => setTimeout(resolve, 200));
    return (await readFile(log, 'utf8')).split('\n').filter(line => line.includes('" ')).length;
  };
  return {
    host: `127.0.0.1:${port}`,
    requests: async () => (await lines()) - marked,
    mark: async () => {
      marked = await lines();
    },
    stop: async () => {
      const ended = new Promise(resolve => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      sink.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
