import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildComponents, memorySpace, openRegistries, repositoryIn, type Registries } from '../../../ocm';
import { openAccess } from '../../../ocm/access';
import { describe as described, digestOf, MediaType, parseManifest, readContent, type Content } from '../../../oci';
import { FaultyServer, reply, type Answer } from '../../support/faulty-server';
import { registryFor, startRegistry, type TestRegistry } from '../../support/registry';
import { codeOf } from '../../support/tar';

const chartLayer = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';

describe('ocm/access: charts', () => {
  let folder: string;
  let server: FaultyServer;
  let chart: Buffer;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
    mkdirSync(path.join(folder, 'web', 'templates'), { recursive: true });
    writeFileSync(
      path.join(folder, 'web', 'Chart.yaml'),
      'apiVersion: v2\nname: web\nversion: 1.2.3+build.1\nappVersion: "6"\ndescription: A web server\ntype: application\n',
    );
    writeFileSync(path.join(folder, 'web', 'values.yaml'), 'replicas: 1\n');
    writeFileSync(path.join(folder, 'web', 'notes.bak'), 'ignored');
    writeFileSync(path.join(folder, 'web', '.helmignore'), '# comment\n*.bak\n.git/\n');
    writeFileSync(path.join(folder, 'web', 'templates', 'deployment.yaml'), 'kind: Deployment\n');
    execFileSync('tar', ['-czf', 'web-1.2.3+build.1.tgz', 'web'], { cwd: folder });
    chart = readFileSync(path.join(folder, 'web-1.2.3+build.1.tgz'));
    server = await FaultyServer.start(reply(404));
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await server.stop();
  });

  const index = (entry: object, name = 'web'): string =>
    JSON.stringify({ apiVersion: 'v1', entries: { [name]: [entry] }, generated: '2024-01-01T00:00:00Z' });
  /** A folder of charts behind HTTP, as a chart repository is. */
  const repository =
    (files: Readonly<Record<string, string | Buffer>>): Answer =>
    (request, response) => {
      const file = files[decodeURIComponent(request.path.slice(1))];
      response.writeHead(file === undefined ? 404 : 200).end(file);
    };
  const good = (): Answer =>
    repository({
      'charts/index.yaml': index({
        name: 'web',
        version: '1.2.3+build.1',
        urls: ['files/web.tgz'],
        digest: digestOf(chart).slice(7),
      }),
      'charts/files/web.tgz': chart,
      'charts/files/web.tgz.prov': 'not looked at',
    });
  const access = (more: object = {}): object => ({
    type: 'helm/v1',
    helmRepository: `${server.url}/charts/`,
    helmChart: 'web:1.2.3+build.1',
    ...more,
  });
  const anonymous = openRegistries({ credentials: 'anonymous' });
  const fetched = async (spec: object, registries: Registries = anonymous): Promise<Buffer> => {
    const opened = await openAccess(spec as never, {
      reference: 'example.com/acme/one:1.0.0',
      location: repositoryIn(memorySpace()).location,
      registries,
      localBlob: () => Promise.reject(new Error('none')),
    });
    expect(opened.mediaType).to.equal(chartLayer);
    const parts: Buffer[] = [];
    for await (const part of await opened.stream()) parts.push(part as Buffer);
    return Buffer.concat(parts);
  };

  it('come from a chart repository over HTTP, and nothing is asked about provenance', async () => {
    server.respond(good());
    expect((await fetched(access())).equals(chart)).to.equal(true);
    expect(
      (await fetched(access({ type: 'Helm', helmChart: 'web', version: 'v1.2.3+build.1' }))).equals(chart),
    ).to.equal(true);
    expect(new Set(server.lines)).to.deep.equal(new Set(['GET /charts/index.yaml', 'GET /charts/files/web.tgz']));
  });

  it('get credentials at their repository only', async () => {
    const elsewhere = await FaultyServer.start(reply(200, chart));
    try {
      server.respond(
        repository({ 'charts/index.yaml': index({ version: '1.2.3+build.1', urls: [`${elsewhere.url}/web.tgz`] }) }),
      );
      const registries = openRegistries({
        credentials: 'anonymous',
        consumers: wanted =>
          Promise.resolve(
            wanted.type === 'HelmChartRepository' && wanted.pathprefix === 'charts'
              ? { username: 'user', password: 'pass' }
              : undefined,
          ),
      });
      await fetched(access(), registries);
      expect(server.seen[0]?.headers.authorization).to.equal(`Basic ${Buffer.from('user:pass').toString('base64')}`);
      expect(elsewhere.seen[0]?.headers.authorization).to.equal(undefined);
    } finally {
      await elsewhere.stop();
    }
  });

  const entry = (more: object): string => index({ version: '1.2.3+build.1', urls: ['files/web.tgz'], ...more });
  const bad: readonly (readonly [string, string, object | string, string])[] = [
    ['no index', '', {}, 'ocm.chart-not-found'],
    ['an index that is a page', '<html><body>hello</body></html>', {}, 'ocm.invalid-chart-repository'],
    ['an index that is not YAML', 'entries: [', {}, 'ocm.invalid-yaml'],
    ['an index without entries', 'apiVersion: v1\n', {}, 'ocm.invalid-chart-repository'],
    ['entries that are a list', 'entries: []\n', {}, 'ocm.invalid-chart-repository'],
    ['a chart that is no list', 'entries: {web: 1}\n', {}, 'ocm.invalid-chart-repository'],
    ['a chart that is not there', index({ version: '1.0.0' }, 'api'), {}, 'ocm.chart-not-found'],
    ['a version that is not there', index({ version: '1.0.0' }), {}, 'ocm.chart-not-found'],
    [
      'a chart named like a property of all objects',
      index({}),
      { helmChart: '__proto__:1.0.0' },
      'ocm.chart-not-found',
    ],
    ['an entry without address', entry({ urls: [] }), {}, 'ocm.invalid-chart-repository'],
    ['an entry whose address is no text', entry({ urls: [1] }), {}, 'ocm.invalid-chart-repository'],
    ['an address of the file system', entry({ urls: ['file:///etc/passwd'] }), {}, 'ocm.invalid-chart-repository'],
    ['a digest that is none', entry({ digest: 'abc' }), {}, 'ocm.invalid-chart-repository'],
    ['a digest of something else', entry({ digest: '0'.repeat(64) }), {}, 'oci.digest-mismatch'],
    ['a file that is not there', entry({ urls: ['files/other.tgz'] }), {}, 'oci.not-found'],
    ['no version', '', { helmChart: 'web' }, 'ocm.invalid-access'],
    ['two versions', '', { helmChart: 'web:1:2' }, 'ocm.invalid-access'],
    ['no repository', '', { helmRepository: '' }, 'ocm.invalid-access'],
    ['a repository that is no URL', '', { helmRepository: 'charts' }, 'ocm.invalid-access'],
    [
      'aliases that multiply',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nentries: [*e,*e,*e,*e,*e,*e,*e]\n`,
      {},
      'ocm.invalid-yaml',
    ],
  ];
  for (const [what, text, more, code] of bad) {
    it(`refuse ${what}`, async () => {
      server.respond(
        repository({ ...(text === '' ? {} : { 'charts/index.yaml': text }), 'charts/files/web.tgz': chart }),
      );
      expect(await codeOf(fetched(access(more as object)))).to.equal(code);
    });
  }

  it('are built in from a folder and a packed file as the artifact that helm makes of them', async () => {
    const file = path.join(folder, 'constructor.yaml');
    writeFileSync(
      file,
      JSON.stringify({
        name: 'example.com/acme/web',
        version: '1.0.0',
        provider: 'acme',
        resources: [
          { name: 'folder', type: 'helmChart', input: { type: 'helm', path: 'web' } },
          { name: 'packed', type: 'helmChart', input: { type: 'helm/v1', path: 'web-1.2.3+build.1.tgz' } },
        ],
      }),
    );
    const digests: unknown[] = [];
    for (let time = 0; time < 2; time++) {
      const target = repositoryIn(memorySpace());
      await buildComponents(file, target, { epoch: 0 });
      const opened = await target.open('example.com/acme/web', '1.0.0');
      digests.push(opened.manifest.digest);
      for (const resource of opened.descriptor.component.resources) {
        expect(resource.access.referenceName).to.equal('example.com/acme/web/web:1.2.3.build-build.1');
        expect(resource.digest?.normalisationAlgorithm).to.equal('ociArtifactDigest/v1');
        const artifact = await (await opened.openAccess(resource.access)).artifact?.();
        const manifest = parseManifest(
          await readContent(artifact?.content as Content, artifact?.descriptor as never),
          'chart',
        );
        expect(manifest.config.mediaType).to.equal('application/vnd.cncf.helm.config.v1+json');
        expect(manifest.layers.map(layer => layer.mediaType)).to.deep.equal([chartLayer]);
        const config = JSON.parse(
          (await readContent(artifact?.content as Content, manifest.config)).toString(),
        ) as object;
        expect(Object.keys(config)).to.deep.equal([
          'name',
          'version',
          'description',
          'apiVersion',
          'appVersion',
          'type',
        ]);
        await artifact?.close();
      }
    }
    expect(digests[0]).to.equal(digests[1]);
  });

  describe('in a real registry', () => {
    let registry: TestRegistry;
    before(async function () {
      const binary = await registryFor(this);
      registry = await startRegistry(binary);
    });
    after(() => registry?.stop());

    it('are the layer of their artifact, under a tag without +', async () => {
      const { host, username, password } = registry;
      const registries = openRegistries({ credentials: { username, password } });
      const content = registries(`http://${host}`).content('charts/web');
      const config = Buffer.from('{}');
      const [configOf, layer] = [
        described('application/vnd.cncf.helm.config.v1+json', config),
        described(chartLayer, chart),
      ];
      await content.push(configOf, config);
      await content.push(layer, chart);
      const bytes = Buffer.from(
        JSON.stringify({ schemaVersion: 2, mediaType: MediaType.manifest, config: configOf, layers: [layer] }),
      );
      await content.pushTagged?.(described(MediaType.manifest, bytes), bytes, '1.2.3_build.1');
      const spec = access({ helmRepository: `oci://http://${host}/charts` });
      for (const each of [spec, access({ helmRepository: `oci://${host}/charts` })])
        expect((await fetched(each, registries)).equals(chart)).to.equal(true);
      expect(
        await codeOf(fetched(access({ helmRepository: `oci://${host}/charts`, helmChart: 'web:9.9.9' }), registries)),
      ).to.equal('oci.not-found');
    });
  });
});
