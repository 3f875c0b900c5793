import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AirlockError } from '../../report';
import {
  buildInput,
  openRegistries,
  readConstructor,
  substitute,
  type ComponentSpecification,
  type ElementSpec,
  type Settings,
} from '../../ocm';
import { textDigest } from '../lock';
import { standInDigest, standInReference } from './stand-in';
import {
  matchesIdentity,
  type ProductComponent,
  type ProductResource,
  type ReferenceStep,
  type ResourceReader,
  type ResourceSelector,
} from '../source';

/** Constructor files that a folder is searched for, in this order. */
export const constructorNames = [
  'component-constructor.yaml',
  'component-constructor.yml',
  'componentfile.yaml',
  'components.yaml',
  'constructor.yaml',
];

const images = /^(oci(artifact|image)|docker(multi)?|helm)/i;
const limit = 64 * 1024 * 1024;

export interface ConstructorOptions {
  /** Values for `${NAME}`; names without one get a stand-in, since only the product's own files matter here. */
  readonly settings?: Settings;
  readonly signal?: AbortSignal;
  /** Components that are referenced but not in the file; undefined when one is not known. */
  readonly open?: (component: string, version: string) => Promise<ResourceReader | undefined>;
}

/**
 * The components of a constructor file as readers, before they are built: what a vendor lints while writing. Images that are
 * not in a registry yet have a stand-in location.
 * Throws `product.constructor-not-found` and the errors of constructor files.
 */
export async function constructorReaders(file: string, options: ConstructorOptions = {}): Promise<ResourceReader[]> {
  const template = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new AirlockError({
      code: 'product.constructor-not-found',
      message: `The constructor file ${file} cannot be read`,
      where: file,
      remedy: `Name a folder with one of ${constructorNames.join(', ')}, a constructor file, or a component reference`,
      cause: error,
    });
  });
  const text = substitute(template, { ...standIns(template), ...options.settings }, file);
  const specifications = readConstructor(Buffer.from(text), file);
  const readers: ConstructorReader[] = [];
  const open = async (component: string, version: string): Promise<ResourceReader | undefined> =>
    readers.find(each => each.component.name === component) ?? options.open?.(component, version);
  for (const each of specifications) readers.push(new ConstructorReader(each, file, { ...options, open }));
  return readers;
}

/** For the settings of a constructor file that have no value: versions are versions, everything else is a host. */
function standIns(template: string): Settings {
  const names = [...template.matchAll(/\$\{([A-Za-z_][\w.-]*?)(?::?-[^}]*)?\}/g)].map(match => match[1] ?? '');
  return Object.fromEntries(names.map(name => [name, /version|tag/i.test(name) ? '1.0.0' : 'registry.example']));
}

class ConstructorReader implements ResourceReader {
  readonly component: ProductComponent;
  private readonly elements = new Map<ProductResource, ElementSpec>();

  constructor(
    private readonly specification: ComponentSpecification,
    private readonly file: string,
    private readonly options: ConstructorOptions,
  ) {
    const { name, version = '1.0.0', resources, references } = specification;
    const described = resources.map((element): ProductResource => {
      const resource = {
        name: element.name,
        version: element.version ?? version,
        type: element.type,
        ...(element.extraIdentity && { extraIdentity: element.extraIdentity }),
        access: element.access ?? { type: 'localBlob' },
      };
      this.elements.set(resource, element);
      return resource;
    });
    const descriptorDigest = textDigest(JSON.stringify([name, version, resources]));
    this.component = { name, version, descriptorDigest, resources: described, references };
  }

  find(name: string, selector: ResourceSelector = {}): Promise<ProductResource> {
    return this.located(
      name,
      selector,
      (reader, rest) => reader.find(name, rest),
      found => Promise.resolve(found),
    );
  }

  read(name: string, selector: ResourceSelector = {}): Promise<Uint8Array> {
    return this.located(
      name,
      selector,
      (reader, rest) => reader.read(name, rest),
      found => this.content(found),
    );
  }

  async componentAt(steps: readonly ReferenceStep[]): Promise<ProductComponent> {
    const [step, ...rest] = steps;
    return step === undefined ? this.component : (await this.referenced(step)).componentAt(rest);
  }

  imageReference(resource: ProductResource): Promise<string> {
    const { access } = resource;
    if (typeof access.imageReference === 'string') {
      const reference = access.imageReference.replace(/^(oci|https?):\/\//, '');
      return Promise.resolve(reference.includes('@') ? reference : `${reference}@${standInDigest}`);
    }
    const input = this.elements.get(resource)?.input?.type ?? '';
    if (images.test(input)) return Promise.resolve(standInReference(this.component, resource));
    return Promise.reject(
      new AirlockError({
        code: 'product.image-not-in-registry',
        message: `The resource ${resource.name} is not an image`,
        remedy: 'Name a resource that is an OCI artifact',
        where: this.file,
      }),
    );
  }

  place(name: string, selector: ResourceSelector = {}): string | undefined {
    if ((selector.referencePath ?? []).length > 0) return undefined;
    const found = this.matching(name, selector)[0];
    const given = found && this.elements.get(found)?.input?.path;
    return typeof given === 'string' ? path.join(path.dirname(this.file), given) : undefined;
  }

  private matching(name: string, { extraIdentity }: ResourceSelector): ProductResource[] {
    return this.component.resources.filter(each => each.name === name && matchesIdentity(each, extraIdentity));
  }

  private async located<T>(
    name: string,
    selector: ResourceSelector,
    there: (reader: ResourceReader, rest: ResourceSelector) => Promise<T>,
    here: (found: ProductResource) => Promise<T>,
  ): Promise<T> {
    const [step, ...rest] = selector.referencePath ?? [];
    if (step !== undefined) return there(await this.referenced(step), { ...selector, referencePath: rest });
    const found = this.matching(name, selector);
    const [only] = found;
    if (only && found.length === 1) return here(only);
    throw new AirlockError({
      code: 'product.resource-not-found',
      message: `${found.length} resources are named ${name}; one is needed`,
      remedy: `Name one of: ${this.component.resources.map(each => each.name).join(', ')}`,
      where: this.file,
    });
  }

  private async referenced(step: ReferenceStep): Promise<ResourceReader> {
    const reference = this.component.references.find(
      each => each.name === step.name && matchesIdentity(each, step.extraIdentity),
    );
    const reader = reference && (await this.options.open?.(reference.componentName, reference.version));
    if (reader) return reader;
    throw new AirlockError({
      code: reference ? 'product.reference-unknown' : 'product.reference-not-found',
      message: reference
        ? `The referenced component ${reference.componentName}:${reference.version} is not at hand`
        : `No component reference is named ${step.name}`,
      remedy: reference ? 'Name a repository that holds it with --lookup' : 'Correct the reference path',
      where: this.file,
    });
  }

  private async content(resource: ProductResource): Promise<Uint8Array> {
    const element = this.elements.get(resource);
    const where = `${this.file} resource ${resource.name}`;
    if (!element?.input) {
      throw new AirlockError({
        code: 'product.resource-elsewhere',
        message: `The resource ${resource.name} is not in the folder: its access is of type ${resource.access.type}`,
        remedy: 'Lint the component that was built: its reference in an archive or registry',
        where,
      });
    }
    const { name, version } = this.component;
    const blob = await buildInput(element.input, {
      folder: path.dirname(path.resolve(this.file)),
      component: name,
      version: this.specification.version ?? version,
      element: where,
      registries: openRegistries(),
      ...(this.options.signal && { signal: this.options.signal }),
    });
    try {
      const bytes = await readFile(blob.path);
      return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: limit }) : bytes;
    } finally {
      await blob.remove();
    }
  }
}
