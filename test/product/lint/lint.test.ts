import { expect } from 'chai';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { constructorReaders, lintProduct, type LintFinding } from '../../../product';
import { havePrograms, programs } from '../../support/programs';
import { codeOf } from '../../support/tar';

const constructor = `name: example.org/web
provider: {name: example.org}
version: \${VERSION}
resources:
- {name: image, type: ociImage, version: 1.0.0, access: {type: ociArtifact, imageReference: "\${REGISTRY}/web:1.0.0"}}
- {name: manifests, type: dir, input: {type: dir, path: manifests, compress: true}}
- {name: config, type: file, input: {type: file, path: config.yaml}}
- {name: rules, type: file, input: {type: file, path: rules.rego}}
- {name: readme, type: file, input: {type: utf8, text: "# Settings"}}
- {name: description, type: productdescription.mpas.ocm.software, input: {type: file, path: description.yaml}}
`;
const description = `kind: ProductDescription
metadata: {name: web}
spec:
  pipelines:
  - name: web
    targetRoleName: any
    source: {name: manifests}
    localization: {name: config}
    configuration: {rules: {name: config}, readme: {name: readme}}
    validation: {name: rules}
  targetRoles:
  - {name: any, type: kubernetes}
`;
const config = `kind: ConfigData
localization:
- file: web.yaml
  image: spec.template.spec.containers[0].image
  resource: {name: image}
configuration:
  defaults:
    replicas: 1
  rules:
  - {file: web.yaml, path: spec.replicas, value: (( replicas ))}
  schema:
    properties:
      replicas: {type: integer, maximum: 3}
`;
const manifest = `kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - {name: web, image: web}
`;
const rules = 'package main\n\ndeny contains "replicas must be odd" if input.replicas % 2 == 0\n';

describe('the product linter', () => {
  let folder: string;
  before(async function () {
    await havePrograms(this, 'cue', 'opa');
  });
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'airlock-lint-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const lint = async (changed: Record<string, string> = {}): Promise<LintFinding[]> => {
    const files = {
      'component-constructor.yaml': constructor,
      'description.yaml': description,
      'config.yaml': config,
      'manifests/web.yaml': manifest,
      'rules.rego': rules,
      ...changed,
    };
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), text);
    }
    const [reader] = await constructorReaders(path.join(folder, 'component-constructor.yaml'));
    if (!reader) throw new Error('no component');
    return lintProduct(reader, { programs });
  };
  const told = async (changed: Record<string, string>): Promise<string[]> =>
    (await lint(changed)).map(each => `${each.severity} ${each.code} ${each.where.replace(`${folder}/`, '')}`);

  it('finds nothing in a good product', async () => {
    expect(await lint()).to.deep.equal([]);
  });

  it('tells all of several faults at once, each with its place', async () => {
    const broken = config
      .replace('containers[0].image', 'containers[1].image')
      .replace('spec.replicas, value', 'spec.replica, value')
      .replace(
        '(( replicas ))',
        '(( replicas ))}\n  - {file: other.yaml, path: a, value: 1}\n  - {file: web.yaml, path: spec.replicas, value: (( size ))',
      );
    expect(await told({ 'config.yaml': broken })).to.deep.equal([
      'error product.path-matches-nothing config.yaml:3:3',
      'error product.path-matches-nothing config.yaml:10:5',
      'error product.file-not-found config.yaml:11:5',
      'error product.expression-unresolved config.yaml:12:5',
      'warning product.image-not-localized manifests web.yaml:8',
    ]);
  });

  it('refuses defaults that the product’s own schema or rules reject', async () => {
    expect(await told({ 'config.yaml': config.replace('replicas: 1', 'replicas: 4') })).to.deep.equal([
      'error product.default-breaks-schema config.yaml:8:15',
      'error product.default-breaks-rule rules.rego:3',
    ]);
  });

  it('refuses what cannot be evaluated: schema, mapping, rules', async () => {
    expect(await told({ 'config.yaml': config.replace('type: integer', 'type: number of pods') })).to.deep.equal([
      'error product.schema-invalid config.yaml:12:5',
    ]);
    const mapping = config.replace(
      '  image: spec.template.spec.containers[0].image\n  resource: {name: image}',
      '  mapping: {path: metadata.name, transform: "out: nothing"}',
    );
    expect(await told({ 'config.yaml': mapping })).to.include('error product.mapping-failed config.yaml:3:3');
    expect(await told({ 'rules.rego': 'package main\n\ndeny contains x if {\n' })).to.deep.equal([
      'error product.rules-invalid rules.rego:4:1',
    ]);
  });

  it('refuses what is no product, and a description that names what is not there', async () => {
    const without = constructor.replace(/- \{name: description.*\n/, '');
    expect((await lint({ 'component-constructor.yaml': without })).map(each => each.code)).to.deep.equal([
      'product.not-a-product',
    ]);
    const twice = `${constructor}- {name: again, type: productdescription.mpas.ocm.software, input: {type: file, path: description.yaml}}\n`;
    expect((await lint({ 'component-constructor.yaml': twice })).map(each => each.code)).to.deep.equal([
      'product.not-a-product',
    ]);
    expect(
      (
        await told({ 'description.yaml': description.replace('source: {name: manifests}', 'source: {name: nothing}') })
      )[0],
    ).to.match(/^error product\.resource-not-found/);
    expect(
      (await told({ 'description.yaml': description.replace('targetRoleName: any', 'targetRoleName: other') }))[0],
    ).to.equal('error product.description-invalid description.yaml:6:21');
    expect((await told({ 'description.yaml': description.replace(', readme: {name: readme}', '') }))[0]).to.match(
      /^warning product\.readme-missing/,
    );
  });

  it('says where it looked for a constructor', async () => {
    expect(await codeOf(constructorReaders(path.join(folder, 'none.yaml')))).to.equal('product.constructor-not-found');
  });
});
