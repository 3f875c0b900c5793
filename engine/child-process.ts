import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/**
 * Loaded into every Node process the engine starts. It ends the process when the engine is gone (the pipe on descriptor 3 closes
 * then, however the engine died), and keeps `util.inspect` from colouring: before Node 24, colouring the stack of an error thrown in
 * the SDK loops for half a minute and takes gigabytes (nodejs/node#64011).
 *
 * The SDK notes a stack with every promise, to show it where promises leaked and `PULUMI_DEBUG_PROMISE_LEAKS` is set: a sixth of a
 * program's time. Where that is not set, none is noted.
 *
 * Its serialisation of functions loads npm's dependency resolver and the TypeScript compiler before it knows that it needs them:
 * they come when they are used, which no provider does (80 MB and half a second of processor for each).
 */
const PRELOAD = `import Module from 'node:module'; import net from 'node:net'; import util from 'node:util';
const pipe = new net.Socket({ fd: 3, readable: true, writable: false });
pipe.on('error', () => process.exit(1)).on('end', () => process.exit(1)).resume().unref();
if (Number(process.versions.node.split('.')[0]) < 24) {
  const inspect = util.inspect;
  util.inspect = Object.assign((value, options, ...rest) =>
    inspect(value, options && typeof options === 'object' ? { ...options, colors: false } : options, ...rest), inspect);
}
const load = Module._load;
const sdk = /@pulumi[\\\\/]pulumi[\\\\/]/;
const noting = Boolean(process.env.PULUMI_DEBUG_PROMISE_LEAKS);
const spared = new WeakSet();
const sparing = debuggable => {
  if (spared.has(debuggable)) return debuggable;
  spared.add(debuggable);
  const { debuggablePromise } = debuggable;
  debuggable.debuggablePromise = (...args) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try { return debuggablePromise(...args); } finally { Error.stackTraceLimit = stackTraceLimit; }
  };
  return debuggable;
};
const eager = /@pulumi[\\\\/]pulumi[\\\\/](runtime[\\\\/]closure[\\\\/]codePaths|typescript-shim)\\.js$/;
Module._load = function (request, parent, ...rest) {
  const loaded = () => load.call(this, request, parent, ...rest);
  const from = parent?.filename ?? '';
  if (!noting && /[\\\\/]debuggable$/.test(request) && sdk.test(from)) return sparing(loaded());
  if (!eager.test(from) || !['@npmcli/arborist', 'typescript'].includes(request)) return loaded();
  Module._resolveFilename(request, parent); // throws what the SDK expects where it is missing
  let module;
  const get = (_, name) => (name === '__esModule' ? request !== 'typescript' : (module ??= loaded())[name]);
  return new Proxy({}, { get });
};`;

const OUTPUT_GRACE_MS = 500;
const delay = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms).unref());

export interface NodeProcess {
  readonly child: ChildProcess;
  /** Settles when the process has ended and its output was read. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Asks it to end; after `graceMs` it is made to. */
  stop(graceMs?: number): Promise<void>;
}

/** Where Node keeps compiled code between runs, by content: loading the SDK takes a third less time. */
function compileCache(env: NodeJS.ProcessEnv): string {
  const caches = env['XDG_CACHE_HOME'] || path.join(env['HOME'] || tmpdir(), '.cache');
  return path.join(env['AIRLOCK_CACHE'] || path.join(caches, 'airlock'), 'node');
}

/** Loading the SDKs makes much garbage at once: with V8's default of 16 MB a program takes a third more memory, for no time won. */
const SMALL_YOUNG_GENERATION = '--max-semi-space-size=2';

/** Starts a Node script with the engine's own Node; its output comes line by line. */
export function startNode(options: {
  script: string;
  args: readonly string[];
  nodeArgs?: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  onLine: (stream: 'stdout' | 'stderr', line: string) => void;
}): NodeProcess {
  const preload = `--import=data:text/javascript,${encodeURIComponent(PRELOAD)}`;
  const nodeArgs = [SMALL_YOUNG_GENERATION, ...(options.nodeArgs ?? []), preload];
  const child = spawn(process.execPath, [...nodeArgs, options.script, ...options.args], {
    cwd: options.cwd,
    env: { NODE_COMPILE_CACHE: compileCache(options.env), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // Out of reach of Ctrl-C: what a provider is doing is to be finished and recorded.
    detached: true,
  });
  const read = (stream: Readable | null, name: 'stdout' | 'stderr'): Promise<void> =>
    new Promise(resolve => {
      if (!stream) return resolve();
      createInterface({ input: stream, crlfDelay: Infinity })
        .on('line', line => options.onLine(name, line))
        .on('close', resolve);
    });
  const output = Promise.all([read(child.stdout, 'stdout'), read(child.stderr, 'stderr')]);
  // The pipe only lives to be closed; what a dying child does to it is of no interest.
  child.stdio[3]?.on('error', () => undefined);
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      child.stdio[3]?.destroy();
      // A process left running on purpose may hold the output open.
      void Promise.race([output, delay(OUTPUT_GRACE_MS)]).then(() => resolve({ code, signal }));
    });
  });
  exited.catch(() => undefined);
  const stop = async (graceMs = 2000): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await exited.catch(() => undefined);
    clearTimeout(timer);
  };
  return { child, exited, stop };
}
