import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { spawnSync } from 'node:child_process';
import { runTree } from './engine-run';
import type { Run } from './engine-run';

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
type Rounds = Record<(typeof ROUNDS)[number], Run>;

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
    const run = (size: number, command: readonly string[]): Promise<Run> => runTree([...env(size), ...command]);
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

const cell = ({ seconds, processor, megabytes }: Run): string =>
  `${seconds.toFixed(1)} s, ${processor.toFixed(1)} s of processor, ${megabytes.toFixed(0)} MB`;

function compared(own: Run, other: Run): string {
  const ratio = (of: keyof Run): string => `${(own[of] / other[of]).toFixed(2)}x`;
  return ` | pulumi ${cell(other)} | ${ratio('seconds')} time, ${ratio('processor')} processor, ${ratio('megabytes')} memory`;
}

/**
 * First update, no-op update, update of everything and destroy of stacks of 10 to 5,000 resources: components and dynamic
 * resources, and ConfigMaps where BENCH_KUBECONFIG names a cluster; beside the Pulumi CLI where there is one (PULUMI=path).
 * BENCH_COUNTS (`10,100`) and BENCH_KINDS (`dynamic,kubernetes`) choose. Time is wall clock, and processor time, which says more on a
 * busy machine, with all processes; memory is that of the engine's process. A CLI that fails is told of, and left out of that size.
 */
export async function benchEngine(): Promise<void> {
  const counts = (process.env['BENCH_COUNTS'] ?? '10,100,1000,5000').split(',').map(Number);
  const found = pulumiOnPath();
  const programs: [string, string][] = [['dynamic', DYNAMIC]];
  if (process.env['BENCH_KUBECONFIG'] !== undefined) programs.push(['kubernetes', KUBERNETES]);
  const kinds = process.env['BENCH_KINDS']?.split(',');
  console.log(found === undefined ? 'engine: no pulumi on PATH to compare with' : `engine: beside ${found}`);
  for (const [kind, program] of programs.filter(([name]) => kinds?.includes(name) !== false)) {
    for (const count of counts) {
      const own = await life(airlock, program, count);
      const other = found === undefined ? undefined : await life(pulumi(found), program, count).catch(told);
      for (const round of ROUNDS) {
        const beside = other ? compared(own[round], other[round]) : '';
        console.log(`${kind} ${String(count).padStart(5)} ${round.padEnd(22)} airlock ${cell(own[round])}${beside}`);
      }
    }
  }
}

function told(error: unknown): undefined {
  console.log(error instanceof Error ? error.message : error);
}
