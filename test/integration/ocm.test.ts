import { expect } from 'chai';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { componentCommand } from '../../cli/component';
import { HttpClient } from '../../net';
import { Registry } from '../../oci';
import {
  buildComponents,
  generateRsaKey,
  openComponentRepository,
  openRegistries,
  signComponentVersion,
  transferComponentVersion,
  verifyComponentVersion,
  type Registries,
  type RsaKeyPair,
} from '../../ocm';
import { hasCode } from '../../report';
import { pushImage, pushIndex } from '../support/artifacts';
import { registryBinary, registryFor, startRegistry, type TestRegistry } from '../support/registry';

const component = 'example.com/acme/web';

/** Runs a command without its output among the tests' own. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const kept = [process.stdout, process.stderr].map(stream => ({ stream, write: stream.write.bind(stream) }));
  for (const { stream } of kept) stream.write = () => true;
  try {
    return await work();
  } finally {
    for (const { stream, write } of kept) stream.write = write;
  }
}

describe('component versions in real registries', () => {
  let provider: TestRegistry;
  let consumer: TestRegistry;
  let http: HttpClient;
  let registries: Registries;
  let folder: string;
  let keys: RsaKeyPair;
  let file: string;

  before(async function () {
    const binary = await registryFor(this);
    [provider, consumer] = await Promise.all([startRegistry(binary), startRegistry(binary)]);
    http = new HttpClient({ retry: { firstWaitMs: 10 } });
    registries = openRegistries({
      http,
      credentials: () => Promise.resolve({ username: provider.username, password: provider.password }),
    });
    folder = await mkdtemp(path.join(tmpdir(), 'airlock-ocm-'));
    keys = await generateRsaKey(2048);
    const images = registries(provider.host).content('vendor/web');
    const image = await pushImage(images, '1.0.0');
    await pushIndex(images, 'all', [image]);
    file = path.join(folder, 'constructor.yaml');
    await writeFile(path.join(folder, 'config.yaml'), 'replicas: 1\n');
    await writeFile(
      file,
      `components:
- name: ${component}
  version: \${VERSION}
  provider: {name: acme}
  resources:
  - {name: image, type: ociImage, access: {type: ociArtifact, imageReference: '${provider.host}/vendor/web:1.0.0'}}
  - {name: images, type: ociImage, access: {type: ociArtifact, imageReference: '${provider.host}/vendor/web:all'}}
  - {name: config, type: PlainText, input: {type: file, path: config.yaml, compress: true}}
- name: ${component}-suite
  version: \${VERSION}
  provider: {name: acme}
  componentReferences:
  - {name: web, componentName: ${component}, version: \${VERSION}}
`,
    );
  });
  after(async () => {
    await Promise.all([provider?.stop(), consumer?.stop()]);
    await http?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it('builds, signs, pushes, replicates by value, verifies at the consumer alone', async () => {
    const ctf = await openComponentRepository(path.join(folder, 'ctf'), { mode: 'update', registries });
    await buildComponents(file, ctf, { settings: { VERSION: '1.0.0+b.1' }, registries });
    await signComponentVersion(ctf, `${component}-suite`, '1.0.0+b.1', {
      signature: 'acme',
      privateKey: keys.privateKey,
      recursive: true,
    });
    const verify = { signatures: ['acme'], keys: [{ publicKey: keys.publicKey }] };

    const source = await openComponentRepository(`${provider.host}/releases`, { registries });
    await transferComponentVersion(await ctf.open(`${component}-suite`, '1.0.0+b.1'), source, {
      recursive: true,
      verify,
    });
    expect(await source.listVersions(component)).to.deep.equal(['1.0.0+b.1']);
    expect(await registries(provider.host).content(`releases/component-descriptors/${component}`).tags()).to.deep.equal(
      ['1.0.0.build-b.1'],
    );

    const target = await openComponentRepository(`${consumer.host}/mirror`, { registries });
    const opened = await source.open(`${component}-suite`, '1.0.0+b.1');
    const first = await transferComponentVersion(opened, target, { recursive: true, copyResources: true, verify });
    expect(first.componentVersions.map(each => each.status)).to.deep.equal(['copied', 'copied']);
    expect(first.verified?.resources.map(each => each.checked)).to.deep.equal(['content', 'content', 'content']);
    const second = await transferComponentVersion(opened, target, { recursive: true, copyResources: true, verify });
    expect(second.componentVersions.map(each => each.status)).to.deep.equal(['skipped', 'skipped']);
    expect(second.bytes).to.equal(0);

    const stored = await target.open(component, '1.0.0+b.1');
    expect(stored.descriptor.component.resources[0]?.access.imageReference).to.match(
      new RegExp(`^${consumer.host}/mirror/vendor/web:1.0.0@sha256:`),
    );
    expect((await stored.openResource({ name: 'config' })).mediaType).to.equal('application/gzip');

    await provider.stop();
    await verifyComponentVersion(target, `${component}-suite`, '1.0.0+b.1', { ...verify, deep: true });

    // Another image under the same name is found, whatever its tag says.
    const registry = new Registry(consumer.host, {
      http,
      credentials: { username: consumer.username, password: consumer.password },
    });
    const digest = stored.descriptor.component.resources[0]?.digest?.value ?? '';
    await registry.repository('mirror/vendor/web').deleteManifest(`sha256:${digest}`);
    const problem = await verifyComponentVersion(target, component, '1.0.0+b.1', verify).catch(
      (error: unknown) => error,
    );
    expect(hasCode(problem, 'ocm.not-verified'), String(problem)).to.equal(true);
    expect(String(problem)).to.contain('resource image');
  });

  it('does the same from the command line', async () => {
    const binary = await registryBinary();
    if (binary === undefined) return;
    const second = await startRegistry(binary);
    const auth = Buffer.from(`${second.username}:${second.password}`).toString('base64');
    process.env.AIRLOCK_REGISTRY_AUTH = JSON.stringify({
      auths: { [second.host]: { auth }, [consumer.host]: { auth } },
    });
    try {
      const airlock = (...argv: string[]): Promise<unknown> =>
        quietly(() => componentCommand().exitOverride().parseAsync(argv, { from: 'user' }));
      const [privateKey, publicKey] = [path.join(folder, 'key.pem'), path.join(folder, 'key.pub')];
      await airlock('keygen', privateKey, publicKey, '--bits', '2048');
      await writeFile(path.join(folder, 'settings.yaml'), 'GREETING: hello\n');
      const constructor = path.join(folder, 'single.yaml');
      await writeFile(
        constructor,
        'name: example.com/acme/one\nversion: ${VERSION}\nprovider: {name: acme}\nresources:\n- {name: text, type: PlainText, input: {type: utf8, text: "${GREETING}"}}\n',
      );
      const ctf = path.join(folder, 'one.tgz');
      await airlock('build', '--settings', path.join(folder, 'settings.yaml'), '-O', ctf, constructor, 'VERSION=1.0.0');
      await airlock('sign', '-s', 'ocm-signing', '-K', privateKey, ctf);
      await airlock('transfer', `${ctf}//example.com/acme/one:1.0.0`, second.host);
      await airlock('transfer', '-V', '-k', publicKey, `${second.host}//example.com/acme/one`, `${consumer.host}/two`);
      await airlock('verify', '-s', 'ocm-signing', '-k', publicKey, `${consumer.host}/two//example.com/acme/one:1.0.0`);
      await airlock(
        'download',
        `${consumer.host}/two//example.com/acme/one:1.0.0`,
        'text',
        '-O',
        path.join(folder, 'text'),
      );
      expect(await readFile(path.join(folder, 'text'), 'utf8')).to.equal('hello');
      const { publicKey: other } = await generateRsaKey(2048);
      await writeFile(path.join(folder, 'other.pub'), other);
      const refused = await airlock(
        'verify',
        '-k',
        path.join(folder, 'other.pub'),
        `${consumer.host}/two//example.com/acme/one`,
      ).catch((error: unknown) => error);
      expect(hasCode(refused, 'ocm.not-verified'), String(refused)).to.equal(true);
    } finally {
      delete process.env.AIRLOCK_REGISTRY_AUTH;
      await second.stop();
    }
  });
});
