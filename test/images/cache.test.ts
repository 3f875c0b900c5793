import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDir, contentKey, diskFull, ensureFolder, requireSpace } from '../../images';
import { hasCode } from '../../report';

describe('images: the cache', () => {
  const previous = process.env['AIRLOCK_CACHE'];
  let cache: string;
  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'airlock-cache-'));
    process.env['AIRLOCK_CACHE'] = cache;
  });
  afterEach(async () => {
    if (previous === undefined) delete process.env['AIRLOCK_CACHE'];
    else process.env['AIRLOCK_CACHE'] = previous;
    await rm(cache, { recursive: true, force: true });
  });

  it('lies where AIRLOCK_CACHE, else XDG_CACHE_HOME says', () => {
    expect(cacheDir({ AIRLOCK_CACHE: '/a', XDG_CACHE_HOME: '/b' })).to.equal('/a');
    expect(cacheDir({ XDG_CACHE_HOME: '/b' })).to.equal('/b/airlock');
    expect(cacheDir({})).to.match(/\/\.cache\/airlock$/);
  });

  it('makes a folder once, however many ask for it at the same time', async () => {
    let made = 0;
    const make = async (folder: string) => {
      made += 1;
      await writeFile(join(folder, 'file'), 'content');
    };
    const all = await Promise.all([1, 2, 3].map(() => ensureFolder('bin/x', make)));
    expect(new Set(all).size).to.equal(1);
    expect(made).to.equal(1);
    expect(await readFile(join(cache, 'bin/x/file'), 'utf8')).to.equal('content');
    expect((await stat(join(cache, 'bin/x'))).mode & 0o777).to.equal(0o755);
  });

  it('leaves nothing of a folder whose making failed, and removes what a killed run left', async () => {
    const error: unknown = await ensureFolder('bin/x', async folder => {
      await writeFile(join(folder, 'half'), '');
      throw new Error('cut off');
    }).catch((thrown: unknown) => thrown);
    expect(String(error)).to.contain('cut off');
    expect(await readdir(join(cache, 'bin'))).to.deep.equal([]);

    await mkdir(join(cache, 'bin', 'x.partial-killed'));
    await ensureFolder('bin/x', () => Promise.resolve());
    expect(await readdir(join(cache, 'bin'))).to.deep.equal(['x']);
  });

  it('takes over the lock of a process that died a while ago', async () => {
    const lock = join(cache, 'bin', 'x.lock');
    await mkdir(lock, { recursive: true });
    await utimes(lock, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
    await ensureFolder('bin/x', () => Promise.resolve());
    expect(existsSync(join(cache, 'bin', 'x'))).to.equal(true);
  });

  it('refuses work the disk has no room for, and names a full disk', async () => {
    await requireSpace(1, 'Nothing much');
    const error: unknown = await requireSpace(1e18, 'Building everything').catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'images.disk-full'), String(error)).to.equal(true);
    expect(String(error)).to.contain('Building everything needs');
    expect(diskFull(Object.assign(new Error('no space'), { code: 'ENOSPC' }), '/x')?.code).to.equal('images.disk-full');
    expect(diskFull(new Error('other'), '/x')).to.equal(undefined);
  });

  it('tells different content apart', () => {
    expect(contentKey('a', 'b')).to.equal(contentKey('a', 'b'));
    expect(contentKey('a', 'b')).not.to.equal(contentKey('ab'));
    expect(contentKey('a')).to.match(/^[0-9a-f]{16}$/);
  });
});
