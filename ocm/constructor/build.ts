import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { AirlockError, reported, silent } from '../../report';
import { isArtifactSet, localBlobAccess, openAccess, openArtifactSet, type AccessContext } from '../access';
import {
  identityOf,
  providerString,
  type AccessSpec,
  type ComponentDescriptor,
  type DigestSpec,
  type ElementMeta,
  type Resource,
  type Source,
} from '../descriptor';
import { isNoneAccess } from '../normalisation';
import {
  openRegistries,
  type ComponentRepository,
  type LocalBlob,
  type OpenedContent,
  type OpenOptions,
  type Registries,
} from '../repository';
import { digestContent, isExcluded, reparsed } from '../signing';
import { buildInput, type BuiltInput } from './inputs';
import { readConstructor, type ComponentSpecification, type ElementSpec } from './specification';
import { substitute, type Settings, type Templater } from './template';

export interface BuildOptions extends OpenOptions {
  /** Values for `${NAME}` in the constructor file. */
  readonly settings?: Settings;
  readonly templater?: Templater;
  /** Version of components that have none. */
  readonly version?: string;
  /** Replaces component versions that are in the target. Default false: they are an error. */
  readonly replace?: boolean;
  /** Does not look at content that stays where it is, so its digest is filled in when signing. Default false. */
  readonly skipDigests?: boolean;
  /** Seconds since 1970 for `creationTime`. Default: `SOURCE_DATE_EPOCH`, else now. */
  readonly epoch?: number;
  readonly registries?: Registries;
}

export interface BuiltComponentVersion {
  readonly component: string;
  readonly version: string;
  readonly manifestDigest: string;
  readonly resources: number;
}

/**
 * Builds the components of a constructor file into a repository. The same input gives the same bytes.
 * @throws `ocm.invalid-constructor`, `ocm.setting-missing`, `ocm.input-not-found`, `ocm.component-version-exists`, ...
 */
export async function buildComponents(
  file: string,
  target: ComponentRepository,
  options: BuildOptions = {},
): Promise<BuiltComponentVersion[]> {
  const template = await readFile(file).catch((error: unknown) => {
    throw new AirlockError({
      code: 'ocm.constructor-not-found',
      message: `the constructor file ${file} cannot be read`,
      where: file,
      remedy: 'Check the path',
      cause: error,
    });
  });
  const text =
    options.templater === 'none'
      ? template
      : Buffer.from(substitute(template.toString('utf8'), options.settings ?? {}, file), 'utf8');
  const built: BuiltComponentVersion[] = [];
  for (const specification of readConstructor(text, file)) {
    built.push(await new ComponentBuild(specification, path.dirname(path.resolve(file)), target, options).run());
  }
  return built;
}

class ComponentBuild {
  private readonly version: string;
  private readonly registries: Registries;
  private readonly blobs = new Map<string, LocalBlob>();
  private readonly inputs: BuiltInput[] = [];

  constructor(
    private readonly specification: ComponentSpecification,
    private readonly folder: string,
    private readonly target: ComponentRepository,
    private readonly options: BuildOptions,
  ) {
    this.registries = options.registries ?? openRegistries();
    const version = specification.version ?? options.version;
    if (version === undefined) {
      throw new AirlockError({
        code: 'ocm.invalid-constructor',
        message: `the component ${specification.name} has no version`,
        where: specification.locate('resources', -1),
        remedy: 'Write version into the file, or give --version',
      });
    }
    this.version = version;
  }

  run(): Promise<BuiltComponentVersion> {
    const { name } = this.specification;
    const title = `component ${name}:${this.version}`;
    return reported(this.options.report ?? silent, `build/${name}:${this.version}`, title, async () => {
      if (this.options.replace !== true && (await this.target.exists(name, this.version, this.options))) {
        throw new AirlockError({
          code: 'ocm.component-version-exists',
          message: `${name}:${this.version} is already in ${this.target.name}`,
          where: this.target.name,
          remedy: 'Choose another version, or --replace',
        });
      }
      try {
        return await this.build();
      } finally {
        await Promise.all(this.inputs.map(input => input.remove()));
      }
    });
  }

  private async build(): Promise<BuiltComponentVersion> {
    const { specification } = this;
    const sources: Source[] = [];
    for (const [index, spec] of specification.sources.entries()) {
      const element = this.element(spec);
      const access = await this.access(spec, 'source', specification.sources, specification.locate('sources', index));
      sources.push({ ...element, type: spec.type, access: access.access });
    }
    const resources: Resource[] = [];
    for (const [index, spec] of specification.resources.entries()) {
      resources.push(await this.resource(spec, specification.locate('resources', index)));
    }
    const descriptor: ComponentDescriptor = {
      meta: { schemaVersion: 'v2' },
      component: {
        name: specification.name,
        version: this.version,
        provider: providerString(specification.provider),
        ...(specification.labels === undefined ? {} : { labels: specification.labels }),
        creationTime: specification.creationTime ?? this.creationTime(),
        repositoryContexts: [],
        resources,
        sources,
        componentReferences: specification.references,
      },
    };
    const parsed = reparsed(descriptor, `${this.target.name}//${specification.name}:${this.version}`);
    const manifest = await this.target.put({ descriptor: parsed, blobs: [...this.blobs.values()] }, this.options);
    return {
      component: specification.name,
      version: this.version,
      manifestDigest: manifest.digest,
      resources: resources.length,
    };
  }

  private element({ name, version, extraIdentity, labels }: ElementSpec): ElementMeta {
    return {
      name,
      version: version ?? this.version,
      ...(extraIdentity === undefined ? {} : { extraIdentity }),
      ...(labels === undefined ? {} : { labels }),
    };
  }

  private async resource(spec: ElementSpec, where: string): Promise<Resource> {
    const { access, content } = await this.access(spec, 'resource', this.specification.resources, where);
    const digest = await this.digest(spec, access, content, where);
    return {
      ...this.element(spec),
      type: spec.type,
      relation: spec.relation ?? (spec.input === undefined ? 'external' : 'local'),
      access,
      ...(spec.srcRefs === undefined ? {} : { srcRefs: spec.srcRefs }),
      ...(digest === undefined ? {} : { digest }),
    };
  }

  private async access(
    spec: ElementSpec,
    kind: 'resource' | 'source',
    siblings: readonly ElementSpec[],
    where: string,
  ): Promise<{ access: AccessSpec; content?: OpenedContent }> {
    if (spec.input === undefined) return { access: spec.access ?? { type: 'none' } };
    const input = await buildInput(spec.input, {
      folder: this.folder,
      component: this.specification.name,
      version: spec.version ?? this.version,
      element: spec.name,
      registries: this.registries,
      ...(this.options.signal === undefined ? {} : { signal: this.options.signal }),
    }).catch((error: unknown) => {
      throw error instanceof AirlockError
        ? new AirlockError({
            code: error.code,
            message: `${kind} ${spec.name}: ${error.message}`,
            where,
            ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
            cause: error,
          })
        : error;
    });
    this.inputs.push(input);
    const { digest, mediaType } = input.descriptor;
    const named = {
      kind,
      identity: identityOf(
        this.element(spec),
        siblings.map(each => this.element(each)),
      ),
    };
    const known = this.blobs.get(digest);
    this.blobs.set(
      digest,
      known === undefined
        ? { descriptor: input.descriptor, source: input.open, artifacts: [named] }
        : { ...known, artifacts: [...known.artifacts, named] },
    );
    return { access: localBlobAccess(digest, mediaType, input.referenceName), content: inputContent(input, where) };
  }

  private async digest(
    spec: ElementSpec,
    access: AccessSpec,
    content: OpenedContent | undefined,
    where: string,
  ): Promise<DigestSpec | undefined> {
    if (isNoneAccess(access) || isExcluded(spec.digest)) return spec.digest;
    if (content === undefined && this.options.skipDigests === true) return spec.digest;
    const digest = await this.contentDigest(access, content, where).catch((error: unknown) =>
      this.unreadable(error, spec, where),
    );
    if (digest === undefined) return spec.digest;
    if (spec.digest === undefined || spec.digest.value === digest.value) return spec.digest ?? digest;
    throw new AirlockError({
      code: 'ocm.digest-mismatch',
      message: `resource ${spec.name}: its content has the digest ${digest.value}, the constructor says ${spec.digest.value}`,
      where,
      remedy: 'Check the content, or correct the digest',
    });
  }

  private async contentDigest(
    access: AccessSpec,
    content: OpenedContent | undefined,
    where: string,
  ): Promise<DigestSpec> {
    const opened = content ?? (await openAccess(access, this.accessContext(), this.options));
    return digestContent(opened, where, undefined, this.options);
  }

  /** Accesses that cannot be fetched here go without digest; everything else that fails is an error. */
  private unreadable(error: unknown, spec: ElementSpec, where: string): undefined {
    if (!(error instanceof AirlockError)) throw error;
    if (error.code === 'ocm.access-not-supported') return undefined;
    throw new AirlockError({
      code: error.code,
      message: `resource ${spec.name}: ${error.message}`,
      where,
      remedy: error.remedy ?? 'Check the access, or --skip-digest-generation',
      cause: error,
    });
  }

  private accessContext(): AccessContext {
    const noBlobs = (): never => {
      throw new AirlockError({
        code: 'ocm.invalid-constructor',
        message: 'an access of type localBlob cannot be written by hand',
        remedy: 'Use an input',
      });
    };
    return {
      reference: `${this.specification.name}:${this.version}`,
      location: this.target.location,
      registries: this.registries,
      localBlob: noBlobs,
    };
  }

  private creationTime(): string {
    const given = process.env.SOURCE_DATE_EPOCH;
    const epoch =
      this.options.epoch ??
      (given !== undefined && /^\d+$/.test(given) ? Number(given) : Math.floor(Date.now() / 1000));
    return new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');
  }
}

function inputContent(input: BuiltInput, where: string): OpenedContent {
  const { mediaType, size, digest } = input.descriptor;
  return {
    mediaType,
    size,
    digest,
    stream: () => Promise.resolve(input.open()),
    ...(isArtifactSet(mediaType) ? { artifact: () => openArtifactSet(input.open(), where) } : {}),
  };
}
