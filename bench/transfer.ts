import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { ensureBinary } from '../images';
import { pushLargeImage, pushManyImages, type Image } from './images';
import { airlockNode, measure, median, type Measured } from './measure';
import { startRegistry, type BenchRegistry } from './registry';

interface Row extends Measured {
  readonly requests: number;
}

/** A command line that transfers by value. */
interface Tool {
  readonly name: string;
  readonly transfer: (from: string, to: string) => readonly string[];
}

const component = 'example.com/bench/release';

/**
 * Transfers a component version by value between two real registries, ours beside the reference command line (`OCM=path`, or `ocm`
 * on PATH): medians of three runs of whole processes, each into an empty target, and then once more with nothing to do.
 * Ratios are ours to the reference's, so below 1 is better.
 */
export async function benchTransfer(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'airlock-bench-'));
  const binary = await ensureBinary('registry');
  const tools = [airlock, ...(await reference(folder))];
  if (tools.length === 1) console.log('the reference command line is not measured: neither OCM nor PATH names one');
  const source = await startRegistry(binary, join(folder, 'source'));
  try {
    for (const [title, version, push] of [
      ['one image, 4 layers of 256 MiB', '1.0.0', async () => [await pushLargeImage(source)]],
      ['40 images, 5 layers each, 3 of them shared by all', '2.0.0', () => pushManyImages(source)],
    ] as const) {
      await build(source, folder, version, await push());
      await compare(
        `component version with ${title}, by value`,
        `http://${source.host}//${component}:${version}`,
        tools,
        {
          source,
          start: () => startRegistry(binary, join(folder, 'target')),
        },
      );
    }
  } finally {
    await source.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const main = join(__dirname, '..', 'cli', 'main.js');

const airlock: Tool = {
  name: 'airlock',
  transfer: (from, to) => [...airlockNode, main, 'component', 'transfer', '-V', from, to],
};

/** The reference command line, with an empty home so that no configuration of this account takes part. */
async function reference(folder: string): Promise<Tool[]> {
  const named =
    process.env.OCM ??
    (process.env.PATH ?? '')
      .split(delimiter)
      .map(each => join(each, 'ocm'))
      .find(existsSync);
  if (named === undefined || named === '') return [];
  const home = join(folder, 'home');
  await mkdir(home);
  return [
    {
      name: 'ocm',
      transfer: (from, to) => ['env', `HOME=${home}`, named, 'transfer', 'componentversions', '-V', from, to],
    },
  ];
}

/** A component version in the source registry whose resources are these images, by reference. */
async function build(source: BenchRegistry, folder: string, version: string, images: readonly Image[]): Promise<void> {
  const file = join(folder, 'constructor.json');
  const resources = images.map(({ repository, tag }, index) => ({
    name: `image-${index}`,
    version,
    type: 'ociImage',
    access: { type: 'ociArtifact', imageReference: `http://${source.host}/${repository}:${tag}` },
  }));
  await writeFile(file, JSON.stringify({ name: component, version, provider: 'bench', resources }));
  await promisify(execFile)(process.execPath, [main, 'component', 'build', '-O', `http://${source.host}`, file]);
}

async function compare(
  title: string,
  from: string,
  tools: readonly Tool[],
  { source, start }: { readonly source: BenchRegistry; readonly start: () => Promise<BenchRegistry> },
): Promise<void> {
  const rows = tools.map(tool => ({ tool, cold: [] as Row[], again: [] as Row[] }));
  for (let run = 0; run < 3; run++) {
    // In turns, so that what else the machine does is the same for all.
    for (const { tool, cold, again } of rows) {
      const target = await start();
      const counted = async (): Promise<Row> => {
        await Promise.all([source.mark(), target.mark()]);
        const measured = await measure([tool.transfer(from, `http://${target.host}/mirror`)], 1);
        return { ...measured, requests: (await source.requests()) + (await target.requests()) };
      };
      try {
        cold.push(await counted());
        again.push(await counted());
      } finally {
        await target.stop();
      }
    }
  }
  print(
    title,
    rows.map(({ tool, cold, again }) => ({ name: tool.name, cold: middle(cold), again: middle(again) })),
  );
}

function print(title: string, rows: readonly { name: string; cold: Row; again: Row }[]): void {
  console.log(`\n${title}\n                   seconds processor   peak MB  requests`);
  for (const { name, ...kinds } of rows) {
    for (const [kind, row] of Object.entries(kinds))
      console.log(
        `  ${`${name}, ${kind}`.padEnd(16)} ${row.seconds.toFixed(2).padStart(7)} ${row.processor.toFixed(2).padStart(9)} ${row.megabytes.toFixed(0).padStart(9)} ${String(row.requests).padStart(9)}`,
      );
  }
  const [ours, theirs] = rows;
  if (ours === undefined || theirs === undefined) return;
  for (const kind of ['cold', 'again'] as const) {
    const ratio = (key: keyof Row): string => (ours[kind][key] / theirs[kind][key]).toFixed(2);
    console.log(
      `  ratio, ${kind}: time ${ratio('seconds')}, processor time ${ratio('processor')}, memory ${ratio('megabytes')}, requests ${ratio('requests')}`,
    );
  }
}

function middle(rows: readonly Row[]): Row {
  const of = (key: keyof Row): number => median(rows.map(row => row[key]));
  return { seconds: of('seconds'), processor: of('processor'), megabytes: of('megabytes'), requests: of('requests') };
}
