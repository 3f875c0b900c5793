import { join } from 'node:path';
import { readContent, parseManifest } from '../oci';
import { hasCode } from '../report';
import { imageKey } from './ensure';
import { builtGo } from './golang';
import { platformImages } from './list';
import { languageProgramNames, program } from './programs';
import { findImage, imageStore } from './store';

/** A row of `airlock images list`. */
export interface ImageListing {
  readonly name: string;
  readonly version: string;
  readonly reference: string;
  readonly purpose: string;
  /** The public registry's name for it, empty for what only Airlock makes. */
  readonly pull: string;
  /** Empty for what is only pulled. */
  readonly assembledFrom: string;
  /** Of the image in the cache; absent where it is not there yet. */
  readonly digest?: string;
  readonly origin?: string;
  /** Compressed bytes. */
  readonly size?: number;
}

/** The platform's images, and which of them the cache holds. */
export async function imageListing(): Promise<ImageListing[]> {
  const store = await imageStore();
  const rows: ImageListing[] = [];
  for (const image of platformImages) {
    const { name, version, purpose, assembledFrom } = image;
    const known = await imageKey(image, { store, options: {} }).catch((error: unknown) => {
      if (hasCode(error, 'images.not-built')) return undefined;
      throw error;
    });
    const row = {
      name,
      version,
      reference: image.reference,
      purpose,
      pull: image.pull ?? '',
      assembledFrom,
    };
    const stored = known && (await findImage(store, name, known.key));
    if (!stored) {
      rows.push(row);
      continue;
    }
    const manifest = parseManifest(await readContent(store, await store.resolve(stored.digest)), name);
    const size = manifest.layers.reduce((sum, layer) => sum + layer.size, manifest.config.size);
    rows.push({ ...row, ...stored, size });
  }
  return rows;
}

/** A program that runs beside the images, as `airlock images list` shows it. */
export interface ProgramListing {
  readonly name: string;
  readonly version: string;
  readonly purpose: string;
  /** Path in the cache; absent where it is not built yet. */
  readonly path?: string;
}

const languages = { cue: 'CUE', helm: 'Helm charts', kustomize: 'strategic-merge patches', opa: 'Rego' } as const;

/** The programs of the languages that products are written in, and which of them the cache holds. Builds nothing. */
export async function programListing(): Promise<ProgramListing[]> {
  return Promise.all(
    languageProgramNames.map(async name => {
      const { version } = program(name);
      const folder = await builtGo(program(name));
      const purpose = `${languages[name]} in products`;
      return { name, version, purpose, ...(folder === undefined ? {} : { path: join(folder, name) }) };
    }),
  );
}
