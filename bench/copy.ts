import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDir, ensureBinary, goVersion } from '../images';
import { copy, CopySession, Registry } from '../oci';
import { pushLargeImage, pushManyImages, type Image } from './images';
import { measure, median, type Measured } from './measure';
import { startRegistry, type BenchRegistry } from './registry';

/** The peer: the copy tool of go-containerregistry, at this version. */
const CRANE = 'github.com/google/go-containerregistry/cmd/crane@v0.21.5';
const AT_ONCE = 6;

interface Row extends Measured {
  readonly requests: number;
}

/**
 * Copies between two real registries, ours beside crane: bytes that cannot be compressed, medians of three runs, each into an
 * empty target, and then once more with nothing to do. Prints a table; ratios are ours to crane's, so below 1 is better.
 */
async function benchCopy(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'airlock-bench-'));
  const binary = await ensureBinary('registry');
  const crane = await craneBinary();
  if (crane === undefined) console.log('crane is not measured: there is no Go here to build it with');
  const source = await startRegistry(binary, join(folder, 'source'));
  try {
    const large = [await pushLargeImage(source)];
    await compare('one image, 4 layers of 256 MiB', large, { source, binary, folder, crane });
    const many = await pushManyImages(source);
    await compare('40 images, 5 layers each, 3 of them shared by all', many, { source, binary, folder, crane });
  } finally {
    await source.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Setting {
  readonly source: BenchRegistry;
  readonly binary: string;
  readonly folder: string;
  readonly crane: string | undefined;
}

async function compare(
  title: string,
  images: readonly Image[],
  { source, binary, folder, crane }: Setting,
): Promise<void> {
  const ours = (target: BenchRegistry): Promise<Measured> =>
    measure(
      [
        [
          process.execPath,
          ...process.execArgv,
          __filename,
          'copy',
          source.host,
          target.host,
          ...images.map(image => `${image.repository}:${image.tag}`),
        ],
      ],
      1,
    );
  const theirs = (target: BenchRegistry): Promise<Measured> =>
    measure(
      images.map(({ repository, tag }) => [
        crane ?? '',
        'copy',
        '--insecure',
        `${source.host}/${repository}:${tag}`,
        `${target.host}/${repository}:${tag}`,
      ]),
      AT_ONCE,
    );
  const rows: [string, Row][] = [];
  for (const [name, work] of [
    ['airlock', ours],
    ...(crane === undefined ? [] : [['crane', theirs] as const]),
  ] as const) {
    const cold: Row[] = [];
    const warm: Row[] = [];
    for (let run = 0; run < 3; run++) {
      const target = await startRegistry(binary, join(folder, 'target'));
      const counted = async (): Promise<Row> => {
        await Promise.all([source.mark(), target.mark()]);
        const measured = await work(target);
        return { ...measured, requests: (await source.requests()) + (await target.requests()) };
      };
      try {
        cold.push(await counted());
        warm.push(await counted());
      } finally {
        await target.stop();
      }
    }
    rows.push([`${name}, cold`, middle(cold)], [`${name}, again`, middle(warm)]);
  }
  console.log(`\n${title}`);
  console.log('                   seconds   peak MB  requests');
  for (const [name, row] of rows) {
    console.log(
      `  ${name.padEnd(16)} ${row.seconds.toFixed(2).padStart(7)} ${row.megabytes.toFixed(0).padStart(9)} ${String(row.requests).padStart(9)}`,
    );
  }
  for (const [i, kind] of ['cold', 'again'].entries()) {
    const [us, them] = [rows[i]?.[1], rows[i + 2]?.[1]];
    if (us && them) {
      const ratio = (a: number, b: number): string => (a / b).toFixed(2);
      console.log(
        `  ratio, ${kind}: time ${ratio(us.seconds, them.seconds)}, memory ${ratio(us.megabytes, them.megabytes)}, requests ${ratio(us.requests, them.requests)}`,
      );
    }
  }
}

function middle(rows: readonly Row[]): Row {
  return {
    seconds: median(rows.map(row => row.seconds)),
    processor: median(rows.map(row => row.processor)),
    megabytes: median(rows.map(row => row.megabytes)),
    requests: median(rows.map(row => row.requests)),
  };
}

/** What the child process does that is measured as ours. */
async function copyAll(source: string, target: string, references: readonly string[]): Promise<void> {
  const from = new Registry(source, { credentials: 'anonymous' });
  const to = new Registry(target, { credentials: 'anonymous' });
  const session = new CopySession(AT_ONCE);
  await Promise.all(
    references.map(reference => {
      const [repository = '', tag = ''] = reference.split(':');
      return copy(from.repository(repository), tag, to.repository(repository), tag, { session });
    }),
  );
}

/** Built once from its Go module into the cache; undefined where there is no Go. */
async function craneBinary(): Promise<string | undefined> {
  const folder = join(cacheDir(), 'bench', CRANE.replace(/[^\w.]+/g, '-'));
  const binary = join(folder, 'crane');
  if (existsSync(binary)) return binary;
  if ((await goVersion()) === undefined) return undefined;
  await promisify(execFile)('go', ['install', CRANE], {
    env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' },
    maxBuffer: 64 * 1024 * 1024,
  });
  return binary;
}

if (require.main === module) {
  const [mode, source = '', target = '', ...references] = process.argv.slice(2);
  const work = mode === 'copy' ? copyAll(source, target, references) : benchCopy();
  work.catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}

export { benchCopy };
