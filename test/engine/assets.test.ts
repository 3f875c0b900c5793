import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { extract, pack } from 'tar-stream';
import { hashAssets } from '../../engine/assets';
import { hashTar } from '../../engine/canonical-tar';
import { Archive, Asset } from '../../engine/values';

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

describe('engine: hashes of assets and archives', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(path.join(tmpdir(), 'airlock-assets-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const hashOf = async (value: Asset | Archive): Promise<string> => {
    const { it } = await hashAssets({ it: value }, dir);
    return it instanceof Asset || it instanceof Archive ? (it.hash ?? '') : '';
  };

  /** What the hash is made over. */
  async function tarOf(members: readonly { name: string; content: Buffer }[]): Promise<Buffer> {
    const parts: Buffer[] = [];
    const sink = { update: (part: Buffer) => parts.push(part) } as unknown as ReturnType<typeof createHash>;
    async function* list(): AsyncGenerator<{ name: string; content: Buffer }> {
      yield* await Promise.resolve(members);
    }
    await hashTar(sink, list());
    return Buffer.concat(parts);
  }

  it('are those of the bytes for files, texts, addresses and packed archives', async () => {
    writeFileSync(path.join(dir, 'a.txt'), 'hello');
    writeFileSync(path.join(dir, 'b.zip'), 'not really');
    expect(await hashOf(new Asset({ path: 'a.txt' }))).to.equal(sha256('hello'));
    expect(await hashOf(new Asset({ text: 'hello' }))).to.equal(sha256('hello'));
    expect(await hashOf(new Asset({ uri: `file://${dir}/a.txt` }))).to.equal(sha256('hello'));
    expect(await hashOf(new Archive({ path: 'b.zip' }))).to.equal(sha256('not really'));
  });

  it('are byte for byte what Go’s archive/tar makes, which Pulumi uses', async () => {
    const names = ['foo', 'deep/foo', `${'d'.repeat(90)}/${'f'.repeat(60)}`, 'x'.repeat(150), 'grün/ß.txt'];
    const members = names.map(name => ({ name, content: Buffer.from(`content of ${name}`) }));
    // Computed by a Go program that writes the same headers as pulumi's archive package: name, mode 0600, size.
    const fromGo = '7fb97d900be9b20454f8c2c684a1ec51aa761c01639ddf8a6aeb7093bdefe78a';
    expect(sha256(await tarOf(members))).to.equal(fromGo);
  });

  it('are those of the tar archive that Pulumi makes of assets', async () => {
    const archive = new Archive({ assets: { foo: new Asset({ text: 'hello world' }) } });
    expect(await hashOf(archive)).to.equal(sha256(await tarOf([{ name: 'foo', content: Buffer.from('hello world') }])));
    const nested = new Archive({ assets: { z: new Asset({ text: '1' }), deep: archive } });
    const flat = [
      { name: 'deep/foo', content: Buffer.from('hello world') },
      { name: 'z', content: Buffer.from('1') },
    ];
    expect(await hashOf(nested)).to.equal(sha256(await tarOf(flat)));
  });

  it('take a folder in the order of its names, without links to folders and without .pulumi', async () => {
    const folder = path.join(dir, 'site');
    for (const name of ['sub', '.pulumi']) mkdirSync(path.join(folder, name), { recursive: true });
    for (const [name, text] of [
      ['b', '2'],
      ['sub/x', '3'],
      ['a', '1'],
      ['.pulumi/state', 'no'],
    ] as const) {
      writeFileSync(path.join(folder, name), text);
    }
    symlinkSync('sub', path.join(folder, 'link'));
    const members = [
      { name: 'a', content: Buffer.from('1') },
      { name: 'b', content: Buffer.from('2') },
      { name: 'sub/x', content: Buffer.from('3') },
    ];
    expect(await hashOf(new Archive({ path: 'site' }))).to.equal(sha256(await tarOf(members)));
    expect(existsSync(path.join(folder, 'a'))).to.equal(true);
  });

  it('are made over a tar archive that others can read, whatever the names', async () => {
    const members = ['short', `${'d'.repeat(90)}/${'f'.repeat(60)}`, 'x'.repeat(150), 'grün/ß.txt'].map(name => ({
      name,
      content: Buffer.from(`content of ${name}`),
    }));
    const tar = extract();
    tar.end(await tarOf(members));
    const found: Record<string, string> = {};
    for await (const entry of tar) {
      const parts: Buffer[] = [];
      for await (const part of entry) parts.push(part as Buffer);
      found[entry.header.name] = Buffer.concat(parts).toString();
      expect(entry.header.mode).to.equal(0o600);
    }
    expect(found).to.deep.equal(Object.fromEntries(members.map(({ name, content }) => [name, content.toString()])));
  });

  it('look into a tar archive that is part of another', async () => {
    const packer = pack();
    packer.entry({ name: './x/y' }, 'inside');
    packer.entry({ name: 'x', type: 'directory' });
    packer.finalize();
    const parts: Buffer[] = [];
    for await (const part of packer) parts.push(part as Buffer);
    writeFileSync(path.join(dir, 'in.tar'), Buffer.concat(parts));
    const outer = new Archive({ assets: { top: new Archive({ path: 'in.tar' }) } });
    expect(await hashOf(outer)).to.equal(sha256(await tarOf([{ name: 'top/x/y', content: Buffer.from('inside') }])));
  });

  it('say which asset cannot be read', async () => {
    const missing = await hashOf(new Asset({ path: 'nowhere' })).catch((error: unknown) => error);
    expect(missing).to.include({ code: 'engine.asset-unreadable', where: 'nowhere' });
  });
});
