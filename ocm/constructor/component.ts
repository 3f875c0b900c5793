import { reported, AirlockError, silent } from '../../report';
import { providerString, type ComponentDescriptor, type ElementMeta, type Resource, type Source } from '../descriptor';
import { openRegistries, type ComponentRepository } from '../repository';
import { reparsed } from '../signing';
import type { BuildOptions, BuiltComponentVersion } from './options';
import { ElementContents } from './contents';
import type { ComponentSpecification, ElementSpec } from './specification';

/** Builds one component of a constructor file. */
export class ComponentBuild {
  private readonly version: string;
  private readonly contents: ElementContents;

  constructor(
    private readonly specification: ComponentSpecification,
    folder: string,
    private readonly target: ComponentRepository,
    private readonly options: BuildOptions,
  ) {
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
    this.contents = new ElementContents(
      { name: specification.name, version, folder, registries: options.registries ?? openRegistries() },
      target.location,
      options,
    );
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
        await this.contents.remove();
      }
    });
  }

  private async build(): Promise<BuiltComponentVersion> {
    const { specification } = this;
    const sources: Source[] = [];
    for (const [index, spec] of specification.sources.entries())
      sources.push(await this.source(spec, specification.locate('sources', index)));
    const resources: Resource[] = [];
    for (const [index, spec] of specification.resources.entries())
      resources.push(await this.resource(spec, specification.locate('resources', index)));
    const descriptor: ComponentDescriptor = {
      meta: { schemaVersion: 'v2' },
      component: {
        name: specification.name,
        version: this.version,
        provider: providerString(specification.provider),
        ...this.labels(),
        creationTime: specification.creationTime ?? this.creationTime(),
        repositoryContexts: [],
        resources,
        sources,
        componentReferences: specification.references,
      },
    };
    const parsed = reparsed(descriptor, `${this.target.name}//${specification.name}:${this.version}`);
    const manifest = await this.target.put({ descriptor: parsed, blobs: this.contents.blobs() }, this.options);
    return {
      component: specification.name,
      version: this.version,
      manifestDigest: manifest.digest,
      resources: resources.length,
    };
  }

  private labels(): Pick<ComponentDescriptor['component'], 'labels'> {
    const { labels: own } = this.specification;
    const { labels: given } = this.options;
    if (given === undefined) return own === undefined ? {} : { labels: own };
    return { labels: [...(own ?? []).filter(each => !given.some(({ name }) => name === each.name)), ...given] };
  }

  private element({ name, version, extraIdentity, labels }: ElementSpec): ElementMeta {
    return {
      name,
      version: version ?? this.version,
      ...(extraIdentity === undefined ? {} : { extraIdentity }),
      ...(labels === undefined ? {} : { labels }),
    };
  }

  private async source(spec: ElementSpec, where: string): Promise<Source> {
    const siblings = this.specification.sources.map(each => this.element(each));
    const { access } = await this.contents.of(spec, { kind: 'source', meta: this.element(spec), siblings, where });
    return { ...this.element(spec), type: spec.type, access };
  }

  private async resource(spec: ElementSpec, where: string): Promise<Resource> {
    const siblings = this.specification.resources.map(each => this.element(each));
    const found = await this.contents.of(spec, { kind: 'resource', meta: this.element(spec), siblings, where });
    const digest = await this.contents.digest(spec, found, where);
    return {
      ...this.element(spec),
      type: spec.type,
      relation: spec.relation ?? (spec.input === undefined ? 'external' : 'local'),
      access: found.access,
      ...(spec.srcRefs === undefined ? {} : { srcRefs: spec.srcRefs }),
      ...(digest === undefined ? {} : { digest }),
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
