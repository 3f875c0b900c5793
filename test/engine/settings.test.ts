import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { openWorkspace } from '../../engine';
import type { Workspace } from '../../engine';
import { backendFolder } from '../../engine/backend';
import { effectiveConfig, readConfigValue } from '../../engine/config-value';

describe('engine: projects, configuration and backends', () => {
  let dir: string;
  const env = (extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({ PULUMI_CONFIG_PASSPHRASE: 'p', ...extra });
  const open = (extra?: NodeJS.ProcessEnv): Promise<Workspace> =>
    openWorkspace({ cwd: path.join(dir, 'sub'), env: env(extra) });
  const caught = (work: Promise<unknown>): Promise<unknown> =>
    work.then(() => undefined).catch((error: unknown) => error);

  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'airlock-settings-'));
    mkdirSync(path.join(dir, 'sub'));
    writeFileSync(
      path.join(dir, 'Pulumi.yaml'),
      'name: proj\nruntime: nodejs\nbackend:\n  url: file://./.state\nconfig:\n  region: {type: string, description: where to}\n  count: {type: integer, default: 3}\n  shared: plain\n',
    );
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('finds the project above, and the backend relative to it, unless the environment names another', async () => {
    const workspace = await open();
    expect(workspace.project).to.include({ name: 'proj', root: dir, typescript: true });
    expect(workspace.backend.root).to.equal(path.join(dir, '.state'));
    expect((await open({ PULUMI_BACKEND_URL: `file://${dir}/other?create=true` })).backend.root).to.equal(
      path.join(dir, 'other'),
    );
    expect(await caught(open({ PULUMI_BACKEND_URL: 's3://user:pw@bucket' }))).to.include({
      code: 'engine.backend-unsupported',
    });
    expect(backendFolder('file://~/x', '/')).to.match(/\/x$/);
    rmSync(path.join(dir, 'Pulumi.yaml'));
    expect(await caught(open())).to.include({ code: 'engine.no-project' });
  });

  it('edits configuration where it stands: comments stay, secrets are sealed, paths reach inside', async () => {
    const file = path.join(dir, 'Pulumi.dev.yaml');
    writeFileSync(file, '# ours\nconfig:\n  # the place\n  proj:region: here\n');
    const { config } = await (await open()).stack('dev', { create: true });
    await config.set('region', 'there');
    await config.set('token', 'hush', { secret: true });
    await config.set('servers[0].name', 'one', { path: true });
    await config.set('servers[0].key', 'hidden', { path: true, secret: true });
    const text = readFileSync(file, 'utf8');
    expect(text)
      .to.include('# ours')
      .and.include('# the place')
      .and.include('proj:region: there')
      .and.include('encryptionsalt: v1:');
    expect(text).not.to.include('hush').and.not.to.include('hidden');
    const again = (await (await open()).stack('dev')).config;
    expect(await again.get('token')).to.deep.equal({ text: 'hush', secret: true });
    expect(await again.get('proj:servers')).to.deep.equal({ text: '[{"key":"hidden","name":"one"}]', secret: true });
    expect((await again.masked()).get('proj:token')).to.deep.equal({ text: '[secret]', secret: true });
    expect(await again.remove('token')).to.equal(true);
    expect(await again.remove('token')).to.equal(false);
    const wrong = await (await open({ PULUMI_CONFIG_PASSPHRASE: 'q' })).stack('dev');
    expect(await caught(wrong.config.all())).to.include({ code: 'engine.wrong-passphrase' });
    const none = await openWorkspace({ cwd: dir, env: {} }).then(workspace => workspace.stack('dev'));
    expect(await caught(none.config.all())).to.include({ code: 'engine.no-passphrase' });
    expect((await none.config.get('region'))?.text, 'plain values need no passphrase').to.equal('there');
  });

  it('hands structured values to programs as Pulumi writes them: keys sorted, escaped for HTML', () => {
    const { text, secret } = readConfigValue({ b: ['<&>', 1.5, null], a: { 10: true, 9: 'x' } });
    expect(text).to.equal('{"a":{"10":true,"9":"x"},"b":["\\u003c\\u0026\\u003e",1.5,null]}');
    expect(secret).to.equal(false);
  });

  it('fills in defaults, and names each missing key and how to set it', async () => {
    const { config } = (await open()).project;
    const filled = effectiveConfig('dev', new Map([['proj:region', { text: 'x', secret: false }]]), config, 'f');
    expect([filled.get('proj:count')?.text, filled.get('proj:shared')?.text]).to.deep.equal(['3', 'plain']);
    expect(() => effectiveConfig('dev', new Map(), config, 'f'))
      .to.throw('missing the configuration value proj:region (where to)')
      .and.have.property('remedy', 'Set it: airlock config set proj:region <value> --stack dev');
  });

  it('lists, selects, removes stacks, in the layout Pulumi uses', async () => {
    const workspace = await open();
    expect(await caught(workspace.stack('dev'))).to.include({ code: 'engine.unknown-stack' });
    expect(await caught(workspace.stack('../x', { create: true }))).to.include({ code: 'engine.stack-name' });
    await workspace.init('dev');
    expect(await caught(workspace.init('organization/proj/dev'))).to.include({ code: 'engine.stack-exists' });
    await workspace.select('dev');
    expect((await workspace.list()).map(s => [s.name, s.current])).to.deep.equal([['dev', true]]);
    expect(readFileSync(path.join(dir, '.state/.pulumi/meta.yaml'), 'utf8')).to.equal('version: 1\n');
    expect(readdirSync(path.join(dir, '.state/.pulumi/stacks/proj'))).to.deep.equal(['dev.json']);
    await (await workspace.stack('dev')).remove();
    expect(await workspace.list()).to.deep.equal([]);
  });

  it('reads what the Pulumi CLI leaves: compressed state, and the layout before projects', async () => {
    const legacy = path.join(dir, '.state/.pulumi/stacks');
    mkdirSync(legacy, { recursive: true });
    const checkpoint = JSON.stringify({
      version: 3,
      checkpoint: {
        stack: 'old',
        latest: {
          manifest: { time: '2024-01-01T00:00:00Z', magic: '', version: '' },
          resources: [
            {
              urn: 'urn:pulumi:old::proj::pulumi:pulumi:Stack::proj-old',
              custom: false,
              type: 'pulumi:pulumi:Stack',
              outputs: { x: 1 },
              replacementTrigger: 7,
            },
          ],
        },
      },
    });
    writeFileSync(path.join(legacy, 'old.json.gz'), gzipSync(checkpoint));
    const stack = await (await open()).stack('old');
    expect(await stack.outputs()).to.deep.equal({ x: 1 });
    const exported = await stack.export();
    await stack.import(exported);
    expect(await stack.outputs()).to.deep.equal({ x: 1 });
    expect((await stack.export()).deployment.resources?.[0], 'fields of others are handed on').to.include({
      replacementTrigger: 7,
    });
    expect(readdirSync(legacy).sort()).to.deep.equal(['old.json.gz', 'old.json.gz.bak']);
    const invalid = await caught(stack.import('{"version":3,"deployment":{"manifest":{"magic":"x","version":"y"}}}'));
    expect(invalid).to.include({ code: 'engine.state-invalid' });
  });
});
