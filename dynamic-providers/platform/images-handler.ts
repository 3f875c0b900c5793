import { isDeepStrictEqual } from 'node:util';
import { canBePulled, ensureImages, knownImages, publicName, type ReadyImage } from '../../images';
import { isUnknown, served, type Handler, type Unchecked } from '../handler';

interface Inputs {
  names: string[];
  /** Images that may be missing. */
  optional?: string[];
  /** Present once the images are in the cache. */
  references?: Record<string, string>;
}

interface Outputs extends Inputs {
  references: Record<string, string>;
  /** Public names of the optional images that are there. */
  sources: Record<string, string>;
}

/** The name an image has in the cluster: its tag names its content, so that a new build is a new name, and pods follow. */
export function contentReference({ reference, digest }: ReadyImage): string {
  return `${reference}-${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
}

const referencesOf = (images: ReadonlyMap<string, ReadyImage>): Record<string, string> =>
  Object.fromEntries([...images].map(([name, image]) => [name, contentReference(image)]));

class ImagesHandler implements Handler<Inputs, Outputs> {
  async check(olds: Unchecked<Inputs>, news: Unchecked<Inputs>): Promise<{ inputs: Unchecked<Inputs> }> {
    if (isUnknown(news)) return { inputs: news };
    const { names, optional } = news as Inputs;
    const asked = optional ? { names, optional } : { names };
    const known = await knownImages([...names, ...(optional ?? [])]);
    // Not assembled yet: building them is the update's work, a preview only says that it would.
    if (names.some(name => !known.has(name))) return { inputs: asked };
    // What an earlier update could not have is not asked for again: an update with nothing to do asks no registry.
    const before = isUnknown(olds) ? [] : ((olds as Partial<Inputs>).optional ?? []);
    const open = (optional ?? []).filter(name => !known.has(name) && !before.includes(name));
    if ((await Promise.all(open.map(name => canBePulled(name)))).some(Boolean)) return { inputs: asked };
    return { inputs: { ...asked, references: referencesOf(known) } };
  }

  diff(_id: string, olds: Outputs, news: Unchecked<Inputs>): Promise<{ changes: boolean }> {
    return Promise.resolve({
      changes: !isDeepStrictEqual(olds.names, news.names) || !isDeepStrictEqual(olds.references, news.references),
    });
  }

  async create(inputs: Inputs): Promise<{ id: string; outs: Outputs }> {
    return { id: 'images', outs: await settle(inputs) };
  }

  async update(_id: string, _olds: Outputs, news: Inputs): Promise<{ outs: Outputs }> {
    return { outs: await settle(news) };
  }

  read(_id: string, props: Outputs): Promise<Outputs> {
    return Promise.resolve(props);
  }

  /** The cache is the machine's, not the stack's. */
  delete(): Promise<void> {
    return Promise.resolve();
  }
}

async function settle({ names, optional }: Inputs): Promise<Outputs> {
  const images = await ensureImages([...names, ...(optional ?? [])], {
    ...(optional ? { optional } : {}),
    report: ({ kind, title, detail }) => {
      if (kind === 'start' || kind === 'done') console.log(`${title}: ${detail ?? kind}`);
    },
  });
  const there = (optional ?? []).filter(name => images.has(name));
  return {
    names,
    ...(optional ? { optional } : {}),
    references: referencesOf(images),
    sources: Object.fromEntries(there.map(name => [name, publicName(name)])),
  };
}

export const { check, diff, create, update, read, remove } = served(new ImagesHandler());
export { remove as delete };
