import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBinary } from '../images';
import {
  generateRsaKey,
  openComponentRepository,
  parseDescriptor,
  serialiseDescriptor,
  signComponentVersion,
  verifyComponentVersion,
  type ComponentDescriptor,
  type ComponentRepository,
  type Reference,
  type Resource,
} from '../ocm';
import { measure, median } from './measure';
import { startRegistry } from './registry';

const prefix = 'example.com/bench';
const version = '1.0.0';
const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** Something that is measured for n, 2n and 4n: what a process of its own does, and what it needs for that. */
interface Measure {
  readonly title: string;
  readonly n: number;
  /** Makes what is worked on in `folder`; returns the arguments of the work. */
  readonly prepare: (folder: string, n: number) => Promise<readonly string[]>;
  readonly work: (...given: readonly string[]) => Promise<unknown>;
}

const measures: Readonly<Record<string, Measure>> = {
  resources: {
    title: 'verify a component with n resources, reading each',
    n: 1000,
    prepare: async (folder, n) => {
      await signed(folder, async repository => {
        await put(repository, 'root', { resources: resources(n) }, n);
      });
      return [folder];
    },
    work: verifyRoot,
  },
  references: {
    title: 'verify a tree of n components, two below each',
    n: 100,
    prepare: async (folder, n) => {
      await signed(folder, async repository => {
        for (let index = n - 1; index >= 0; index -= 1) {
          const below = [2 * index + 1, 2 * index + 2].filter(each => each < n);
          const componentReferences = below.map(each => ({
            name: `c${each}`,
            componentName: `${prefix}/c${each}`,
            version,
          }));
          await put(
            repository,
            index === 0 ? 'root' : `c${index}`,
            { resources: resources(1), componentReferences },
            1,
          );
        }
      });
      return [folder];
    },
    work: verifyRoot,
  },
  json: { title: 'parse a descriptor of n KB of JSON', n: 5000, prepare: descriptorFile('json'), work: parse },
  yaml: { title: 'parse a descriptor of n KB of YAML', n: 5000, prepare: descriptorFile('yaml'), work: parse },
  tags: {
    title: 'list n versions of a component in a registry',
    n: 10_000,
    prepare: async (folder, n) => {
      // What the registry stores for a tag is a folder with a link: making them is not what is measured.
      const tags = join(
        folder,
        'data/docker/registry/v2/repositories/component-descriptors',
        prefix,
        'root/_manifests/tags',
      );
      for (let index = 0; index < n; index += 1) {
        const current = join(tags, `1.${index}.0`, 'current');
        await mkdir(current, { recursive: true });
        await writeFile(join(current, 'link'), `sha256:${'0'.repeat(64)}`);
      }
      return [folder];
    },
    work: async (host = '', n = '') => {
      const repository = await openComponentRepository(`http://${host}`);
      const { length } = await repository.listVersions(`${prefix}/root`);
      if (length !== Number(n)) throw new Error(`${length} versions are listed, there are ${n}`);
    },
  },
};

/** Time and memory of the component model for n, 2n and 4n: each the median of three processes, start included. */
export async function benchOcm(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'airlock-bench-'));
  const program = [process.execPath, ...process.execArgv, __filename];
  try {
    const idle = await middle([...program, 'nothing']);
    console.log(`\ncomponent model (a process that does nothing: ${shown(idle)})`);
    for (const [name, { title, n, prepare }] of Object.entries(measures)) {
      console.log(`  ${title}`);
      for (const factor of [1, 2, 4]) {
        const place = join(folder, `${name}-${factor}`);
        await mkdir(place);
        const given = await prepare(place, n * factor);
        const registry = name === 'tags' ? await startRegistry(await ensureBinary('registry'), place) : undefined;
        try {
          const argv = registry === undefined ? given : [registry.host, String(n * factor)];
          const measured = await middle([...program, name, ...argv]);
          console.log(`    n = ${String(n * factor).padEnd(6)} ${shown(measured)}`);
        } finally {
          await registry?.stop();
          await rm(place, { recursive: true, force: true });
        }
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function middle(command: readonly string[]): Promise<{ seconds: number; megabytes: number }> {
  const runs = [];
  for (let run = 0; run < 3; run += 1) runs.push(await measure([command], 1));
  return { seconds: median(runs.map(run => run.seconds)), megabytes: median(runs.map(run => run.megabytes)) };
}

function shown({ seconds, megabytes }: { seconds: number; megabytes: number }): string {
  return `${seconds.toFixed(2).padStart(6)} s ${megabytes.toFixed(0).padStart(5)} MB`;
}

/** A transport archive in `folder` with what `fill` puts there, its root component signed, and the key beside it. */
async function signed(folder: string, fill: (repository: ComponentRepository) => Promise<void>): Promise<void> {
  const { privateKey, publicKey } = await generateRsaKey(2048);
  await writeFile(join(folder, 'key.pub'), publicKey);
  const repository = await openComponentRepository(join(folder, 'ctf'), { mode: 'update' });
  await fill(repository);
  await signComponentVersion(repository, `${prefix}/root`, version, { signature: 'bench', privateKey });
  await repository.close();
}

async function verifyRoot(folder = ''): Promise<void> {
  const repository = await openComponentRepository(join(folder, 'ctf'));
  const publicKey = await readFile(join(folder, 'key.pub'), 'utf8');
  await verifyComponentVersion(repository, `${prefix}/root`, version, { keys: [{ publicKey }] });
  await repository.close();
}

const blob = (index: number): Buffer => Buffer.from(`content of resource ${index}\n`.repeat(20));

function resources(count: number): Resource[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `resource-${index}`,
    version,
    type: 'blob',
    relation: 'local',
    labels: [{ name: 'example.com/description', value: { text: `what resource ${index} is for`, order: index } }],
    access: {
      type: 'localBlob',
      mediaType: 'application/octet-stream',
      localReference: `sha256:${sha256(blob(index))}`,
    },
    digest: {
      hashAlgorithm: 'SHA-256',
      normalisationAlgorithm: 'genericBlobDigest/v1',
      value: sha256(blob(index)),
    },
  }));
}

function descriptorOf(
  name: string,
  lists: { resources?: readonly Resource[]; componentReferences?: readonly Reference[] },
): ComponentDescriptor {
  return {
    meta: { schemaVersion: 'v2' },
    component: {
      name: `${prefix}/${name}`,
      version,
      provider: 'bench',
      repositoryContexts: [],
      resources: lists.resources ?? [],
      sources: [],
      componentReferences: lists.componentReferences ?? [],
    },
  };
}

async function put(
  repository: ComponentRepository,
  name: string,
  lists: Parameters<typeof descriptorOf>[1],
  blobs: number,
): Promise<void> {
  await repository.put({
    descriptor: parseDescriptor(serialiseDescriptor(descriptorOf(name, lists)), name),
    blobs: Array.from({ length: blobs }, (_, index) => ({
      descriptor: {
        mediaType: 'application/octet-stream',
        digest: `sha256:${sha256(blob(index))}`,
        size: blob(index).length,
      },
      source: blob(index),
      artifacts: [],
    })),
  });
}

function descriptorFile(format: 'json' | 'yaml'): Measure['prepare'] {
  return async (folder, kilobytes) => {
    const file = join(folder, `descriptor.${format}`);
    const one = serialiseDescriptor(descriptorOf('root', { resources: resources(100) }), format).length / 100;
    const count = Math.round((kilobytes * 1000) / one);
    await writeFile(file, serialiseDescriptor(descriptorOf('root', { resources: resources(count) }), format));
    return [file];
  };
}

async function parse(file = ''): Promise<void> {
  parseDescriptor(await readFile(file), file);
}

if (require.main === module) {
  const [name = '', ...given] = process.argv.slice(2);
  const work = name === '' ? benchOcm() : name === 'nothing' ? undefined : measures[name]?.work(...given);
  Promise.resolve(work).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
