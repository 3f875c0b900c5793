import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { spawnSync } from 'node:child_process';
import { measure } from './measure';
import type { Measured } from './measure';

/** One resource in ten is a component; the others are dynamic and make nothing outside, so that the engine is what is measured. */
const DYNAMIC = `
const pulumi = require('@pulumi/pulumi');
const provider = {
  async diff(id, olds, news) { return { changes: olds.size !== news.size }; },
  async create(inputs) { return { id: inputs.label, outs: { ...inputs, result: inputs.label + '!' } }; },
  async update(id, olds, news) { return { outs: { ...news, result: news.label + '!' } }; },
  async delete() {},
};
class Thing extends pulumi.dynamic.Resource {
  constructor(name, args, opts) { super(provider, name, { result: undefined, ...args }, opts, 'bench', 'Thing'); }
}
class Group extends pulumi.ComponentResource {
  constructor(name) { super('bench:index:Group', name); }
}
const count = Number(process.env.COUNT);
let group;
for (let i = 0; i < count; i++) {
  if (i % 10 === 0) group = new Group('group' + i);
  else new Thing('thing' + i, { label: 'thing' + i, size: Number(process.env.SIZE) }, { parent: group });
}
`;

/** ConfigMaps in the namespace `default` of the cluster that BENCH_KUBECONFIG names. */
const KUBERNETES = `
const k8s = require('@pulumi/kubernetes');
const provider = new k8s.Provider('k8s', { kubeconfig: process.env.BENCH_KUBECONFIG });
for (let i = 0; i < Number(process.env.COUNT); i++) {
  new k8s.core.v1.ConfigMap('map' + i, { metadata: { name: 'bench-' + i, namespace: 'default' }, data: { size: process.env.SIZE } }, { provider });
}
`;

interface Engine {
  readonly name: string;
  readonly command: (operation: 'up' | 'destroy', dir: string) => readonly string[];
  /** Makes the stack. */
  readonly init: (dir: string) => readonly string[];
}

const root = path.resolve(__dirname, '..', '..');
const SDK = path.join(root, 'node_modules', '@pulumi', 'pulumi');

const airlock: Engine = {
  name: 'airlock',
  init: dir => [path.join(root, 'cli', 'airlock'), 'stack', 'init', 'bench', '--cwd', dir],
  command: (operation, dir) => [
    path.join(root, 'cli', 'airlock'),
    ...[operation, '--yes', '--skip-preview', '--stack', 'bench', '--cwd', dir],
  ],
};

function pulumi(program: string): Engine {
  return {
    name: 'pulumi',
    init: dir => [program, 'stack', 'init', 'bench', '--non-interactive', '--cwd', dir],
    command: (operation, dir) => [
      program,
      ...[operation, '--yes', '--skip-preview', '--non-interactive', '--stack', 'bench', '--cwd', dir],
    ],
  };
}

/** The Pulumi CLI: PULUMI, or the one on PATH. */
function pulumiOnPath(): string | undefined {
  const program = process.env['PULUMI'] ?? 'pulumi';
  return spawnSync(program, ['version'], { stdio: 'ignore' }).status === 0 ? program : undefined;
}

const ROUNDS = ['first update', 'nothing to do', 'every resource changes', 'destroy'] as const;
type Rounds = Record<(typeof ROUNDS)[number], Measured>;

async function life(engine: Engine, program: string, count: number): Promise<Rounds> {
  const dir = mkdtempSync(path.join(tmpdir(), 'airlock-bench-engine-'));
  try {
    mkdirSync(path.join(dir, 'state'));
    writeFileSync(
      path.join(dir, 'Pulumi.yaml'),
      'name: bench\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nbackend:\n  url: file://./state\n',
    );
    writeFileSync(path.join(dir, 'package.json'), '{"name":"bench","main":"index.js"}');
    writeFileSync(path.join(dir, 'index.js'), program);
    symlinkSync(path.join(root, 'node_modules'), path.join(dir, 'node_modules'));
    const env = (size: number): string[] => [
      'env',
      `COUNT=${count}`,
      `SIZE=${size}`,
      'PULUMI_CONFIG_PASSPHRASE=bench',
      `PULUMI_BACKEND_URL=file://${path.join(dir, 'state')}`,
      `PULUMI_HOME=${path.join(dir, 'home')}`,
      'PULUMI_SKIP_UPDATE_CHECK=true',
      // The SDK brings the plugin of dynamic providers; Pulumi looks for it on PATH.
      `PATH=${[path.dirname(process.execPath), SDK, process.env['PATH']].join(path.delimiter)}`,
    ];
    const run = (size: number, command: readonly string[]): Promise<Measured> =>
      measure([[...env(size), ...command]], 1);
    await run(1, engine.init(dir));
    return {
      'first update': await run(1, engine.command('up', dir)),
      'nothing to do': await run(1, engine.command('up', dir)),
      'every resource changes': await run(2, engine.command('up', dir)),
      destroy: await run(2, engine.command('destroy', dir)),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * First update, no-op update, update of everything and destroy of stacks of 10 to 5,000 resources: components and dynamic
 * resources, and ConfigMaps where BENCH_KUBECONFIG names a cluster; beside the Pulumi CLI where there is one (PULUMI=path).
 * BENCH_COUNTS (`10,100`) chooses sizes. Time is wall clock with the start of all processes; memory is that of the engine's process.
 */
export async function benchEngine(): Promise<void> {
  const counts = (process.env['BENCH_COUNTS'] ?? '10,100,1000,5000').split(',').map(Number);
  const found = pulumiOnPath();
  const engines = found === undefined ? [airlock] : [airlock, pulumi(found)];
  const programs: [string, string][] = [['dynamic', DYNAMIC]];
  if (process.env['BENCH_KUBECONFIG'] !== undefined) programs.push(['kubernetes', KUBERNETES]);
  console.log(found === undefined ? 'engine: no pulumi on PATH to compare with' : `engine: beside ${found}`);
  for (const [kind, program] of programs) {
    for (const count of counts) {
      const results: Rounds[] = [];
      for (const engine of engines) results.push(await life(engine, program, count));
      for (const round of ROUNDS) {
        const [own, other] = results.map(result => result[round]);
        if (!own) continue;
        const cell = ({ seconds, megabytes }: Measured): string =>
          `${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB`;
        const ratio = other
          ? ` | pulumi ${cell(other)} | ${(own.seconds / other.seconds).toFixed(2)}x time, ${(own.megabytes / other.megabytes).toFixed(2)}x memory`
          : '';
        console.log(`${kind} ${String(count).padStart(5)} ${round.padEnd(22)} airlock ${cell(own)}${ratio}`);
      }
    }
  }
}
