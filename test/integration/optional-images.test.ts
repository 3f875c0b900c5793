import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, create, diff } from '../../dynamic-providers/platform/images-handler';
import { ensureImages, exportImages, imageListing, imageStore, knownImages } from '../../images';
import { platformImage } from '../../images/list';
import { pullImage, sourceFor } from '../../images/pull';
import { copy, Registry } from '../../oci';
import { hasCode, type ProgressEvent } from '../../report';
import { registryBinary, startRegistry, type TestRegistry } from '../support/registry';

describe('images that are only pulled', function () {
  this.timeout(120_000);
  let folder: string;
  let server: TestRegistry;
  let digest: string;
  const environment = { AIRLOCK_CACHE: process.env['AIRLOCK_CACHE'], AIRLOCK_OFFLINE: process.env['AIRLOCK_OFFLINE'] };

  before(async function () {
    const binary = await registryBinary();
    if (binary === undefined || (await knownImages(['registry'])).size === 0) {
      console.log('      skipped: no registry image in the cache (airlock images build registry)');
      return this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), 'airlock-optional-'));
    server = await startRegistry(binary, { auth: false });
    // Any image will do to be pulled: nothing is run.
    digest = (await ensureImages(['registry'])).get('registry')?.digest ?? '';
    const store = await imageStore();
    const registry = new Registry(`http://${server.host}`);
    await copy(store, digest, registry.repository('mirror/source-controller'), '1.9.5');
    await copy(store, digest, registry.repository('fluxcd/source-controller'), 'v1.9.5');
    process.env['AIRLOCK_OFFLINE'] = '1';
  });
  after(async () => {
    for (const [name, value] of Object.entries(environment)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const from = () => ({ from: `http://${server.host}/mirror` });
  const inCache = (name: string) => (process.env['AIRLOCK_CACHE'] = join(folder, name));

  it('are left out where they cannot be had, and say so', async () => {
    inCache('none');
    const events: ProgressEvent[] = [];
    const names = ['source-controller', 'tekton-shell'];
    const report = (event: ProgressEvent) => events.push(event);
    expect((await ensureImages(names, { optional: names, report })).size).to.equal(0);
    const closing = events.filter(event => event.kind !== 'start');
    expect(closing.map(event => `${event.kind} ${event.id}`)).to.deep.equal([
      'skipped images/source-controller',
      'skipped images/tekton-shell',
    ]);
    expect(closing[0]?.detail).to.match(/source-controller is only pulled, and ghcr\.io is not asked \(offline\)/);
    const begun = Date.now();
    await ensureImages(names, { optional: names });
    expect(Date.now() - begun).to.be.lessThan(2000);
    const rows = (await imageListing()).filter(row => row.assembledFrom === '');
    expect(rows.map(row => row.name)).to.include.members(names);
  });

  it('are an error where one is asked for by name', async () => {
    inCache('none');
    const error: unknown = await ensureImages(['source-controller']).catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'images.not-pullable'), String(error)).to.equal(true);
    const missing: unknown = await ensureImages(['tekton-nop'], from()).catch((thrown: unknown) => thrown);
    expect(hasCode(missing, 'oci.not-found'), String(missing)).to.equal(true);
  });

  it('are pulled from a registry that has them; what it lacks is left out', async () => {
    inCache('pulled');
    const names = ['source-controller', 'tekton-nop'];
    const images = await ensureImages(names, { ...from(), optional: names });
    expect([...images.keys()]).to.deep.equal(['source-controller']);
    expect(images.get('source-controller')).to.include({
      digest,
      reference: 'airlock.local/source-controller:1.9.5',
      origin: `http://${server.host}/mirror/source-controller:1.9.5`,
    });
    const file = join(folder, 'one.tar');
    process.env['AIRLOCK_CACHE'] = environment.AIRLOCK_CACHE ?? '';
    if (environment.AIRLOCK_CACHE === undefined) delete process.env['AIRLOCK_CACHE'];
    const unknown: unknown = await exportImages(file, ['tekton-nop']).catch((thrown: unknown) => thrown);
    expect(hasCode(unknown, 'images.not-pullable'), String(unknown)).to.equal(true);
  });

  it('are pulled under their public names where those answer', async () => {
    inCache('public');
    const image = {
      ...platformImage('source-controller'),
      pull: `http://${server.host}/fluxcd/source-controller:v1.9.5`,
    };
    const source = await sourceFor(image, image.reference, { offline: false });
    expect(source?.required).to.equal(false);
    if (!source) throw new Error('the registry does not answer');
    expect((await pullImage(source, await imageStore(), image.reference, {})).digest).to.equal(digest);
  });

  it('are known in the preview of the resource, there or not', async () => {
    const names: string[] = [];
    const optional = ['source-controller', 'tekton-nop'];
    inCache('resource');
    const asked = { names, optional };
    const first = (await check({}, asked)).inputs as Record<string, unknown>;
    expect(first['references']).to.deep.equal({});
    const { outs } = await create(first);
    expect(outs).to.deep.include({ references: {}, sources: {} });

    // Once the cache holds one, the next update takes it.
    await ensureImages(['source-controller'], from());
    const next = (await check(first, asked)).inputs as Record<string, unknown>;
    const reference = `airlock.local/source-controller:1.9.5-${digest.slice(7, 19)}`;
    expect(next['references']).to.deep.equal({ 'source-controller': reference });
    expect((await diff('images', outs ?? {}, next)).changes).to.equal(true);
    const made = (await create(next)).outs;
    expect(made).to.deep.include({ references: { 'source-controller': reference } });
    const { 'source-controller': source } = (made as { sources: Record<string, string> }).sources;
    expect(source).to.match(/^ghcr\.io\/fluxcd\/source-controller:v1\.9\.5@sha256:[0-9a-f]{64}$/);
    expect((await diff('images', made ?? {}, (await check(next, asked)).inputs ?? {})).changes).to.equal(false);
  });

  it('are not asked for again by a resource that could not have them', async () => {
    inCache('again');
    delete process.env['AIRLOCK_OFFLINE'];
    try {
      const asked = { names: [], optional: ['tekton-shell'] };
      const begun = Date.now();
      const inputs = (await check(asked, asked)).inputs as Record<string, unknown>;
      expect(inputs['references']).to.deep.equal({});
      expect(Date.now() - begun).to.be.lessThan(500);
    } finally {
      process.env['AIRLOCK_OFFLINE'] = '1';
    }
  });
});
