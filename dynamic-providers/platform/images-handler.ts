import { isDeepStrictEqual } from 'node:util';
import { ensureImages, knownImages, type ReadyImage } from '../../images';
import { isUnknown, served, type Handler, type Unchecked } from '../handler';

interface Inputs {
  names: string[];
  /** Present once the images are in the cache. */
  references?: Record<string, string>;
}

type Outputs = Required<Inputs>;

/** The name an image has in the cluster: its tag names its content, so that a new build is a new name, and pods follow. */
export function contentReference({ reference, digest }: ReadyImage): string {
  return `${reference}-${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
}

const referencesOf = (images: ReadonlyMap<string, ReadyImage>): Record<string, string> =>
  Object.fromEntries([...images].map(([name, image]) => [name, contentReference(image)]));

class ImagesHandler implements Handler<Inputs, Outputs> {
  async check(_olds: Unchecked<Inputs>, news: Unchecked<Inputs>): Promise<{ inputs: Unchecked<Inputs> }> {
    if (isUnknown(news)) return { inputs: news };
    const { names } = news as Inputs;
    const known = await knownImages(names);
    // Not assembled yet: building them is the update's work, a preview only says that it would.
    if (known.size < names.length) return { inputs: { names } };
    return { inputs: { names, references: referencesOf(known) } };
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

async function settle({ names }: Inputs): Promise<Outputs> {
  const images = await ensureImages(names, {
    report: ({ kind, title, detail }) => {
      if (kind === 'start' || kind === 'done') console.log(`${title}: ${detail ?? kind}`);
    },
  });
  return { names, references: referencesOf(images) };
}

export const { check, diff, create, update, read, remove } = served(new ImagesHandler());
export { remove as delete };
