import { parseManifest, readContent } from '../oci';
import { type Reporter, reported, silent } from '../report';
import { archiveStream, type NamedImage } from './archive';
import { run } from './command';
import { imageStore } from './store';

export interface LoadOptions {
  readonly report?: Reporter;
  readonly signal?: AbortSignal | undefined;
}

/** Gives an image of the store to the Docker engine, under its reference; nothing is done where the engine has the very same one. */
export async function loadIntoEngine(image: NamedImage, options: LoadOptions = {}): Promise<void> {
  const store = await imageStore();
  const manifest = parseManifest(await readContent(store, await store.resolve(image.digest)), image.reference);
  const inspect = await run('docker', ['image', 'inspect', '--format', '{{.Id}}', image.reference], {
    allow: [1],
    signal: options.signal,
  });
  // The engine names an image by the digest of its configuration.
  if (inspect.stdout.trim() === manifest.config.digest) return;
  await reported(
    options.report ?? silent,
    `load/${image.reference}`,
    `Giving ${image.reference} to the container engine`,
    async () => {
      await run('docker', ['load', '--quiet'], {
        input: await archiveStream(store, [image]),
        signal: options.signal,
        what: `loading ${image.reference} into the container engine`,
      });
    },
  );
}

/** The containers that are nodes of a kind cluster. */
export async function kindNodes(cluster: string): Promise<string[]> {
  const { stdout } = await run('docker', [
    'ps',
    '--all',
    '--filter',
    `label=io.x-k8s.kind.cluster=${cluster}`,
    '--format',
    '{{.Names}}',
  ]);
  return stdout.split('\n').filter(Boolean);
}

/** Streams images of the store into all nodes of a kind cluster, those a node has already left out. Returns how many went over. */
export async function loadIntoKind(
  cluster: string,
  images: readonly NamedImage[],
  options: LoadOptions = {},
): Promise<number> {
  const store = await imageStore();
  let loaded = 0;
  for (const node of await kindNodes(cluster)) {
    const present = await imagesOn(node, options.signal);
    const missing = images.filter(image => present.get(image.reference) !== image.digest);
    if (missing.length === 0) continue;
    loaded += missing.length;
    const title = `Loading ${missing.length} ${missing.length === 1 ? 'image' : 'images'} into ${node}`;
    await reported(options.report ?? silent, `load/${node}`, title, async () => {
      await run('docker', ['exec', '--interactive', node, 'ctr', '--namespace=k8s.io', 'images', 'import', '-'], {
        input: await archiveStream(store, missing),
        signal: options.signal,
        what: `loading ${missing.map(image => image.reference).join(', ')} into ${node}`,
      });
    });
  }
  return loaded;
}

/** Reference -> digest. */
async function imagesOn(node: string, signal: AbortSignal | undefined): Promise<Map<string, string>> {
  const { stdout } = await run('docker', ['exec', node, 'ctr', '--namespace=k8s.io', 'images', 'list'], { signal });
  const present = new Map<string, string>();
  for (const line of stdout.split('\n').slice(1)) {
    const [reference, , digest] = line.split(/\s+/);
    if (reference && digest) present.set(reference, digest);
  }
  return present;
}
