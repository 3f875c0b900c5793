import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  buildComponents,
  memorySpace,
  openRegistries,
  repositoryIn,
  type ComponentVersionAccess,
  type JsonObject,
} from '../../../ocm';
import { readTar } from '../../../ocm/archive';
import {
  assembleImage,
  children,
  ImageLayout,
  isIndex,
  parseIndex,
  readContent,
  writeImageArchive,
  type Content,
  type Descriptor,
} from '../../../oci';
import type { ProgressEvent } from '../../../report';
import { pushIndex } from '../../support/artifacts';
import { FaultyServer, reply } from '../../support/faulty-server';

const name = 'example.com/acme/inputs';

describe('ocm/constructor: inputs', () => {
  let folder: string;
  let layout: ImageLayout;
  let events: ProgressEvent[];
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
    layout = await ImageLayout.create(path.join(folder, 'layout'));
    const images: Descriptor[] = [];
    for (const architecture of ['amd64', 'arm64', 'riscv64']) {
      await assembleImage({ target: layout, tag: architecture, layers: [], architecture });
      images.push({ ...(await layout.resolve(architecture)), platform: { os: 'linux', architecture } });
      await writeImageArchive(path.join(folder, `${architecture}.tar`), [
        { content: layout, reference: architecture, name: `web:${architecture}` },
      ]);
    }
    await pushIndex(layout, 'all', images);
  });
  after(() => rmSync(folder, { recursive: true }));

  const built = async (...inputs: readonly JsonObject[]): Promise<ComponentVersionAccess> => {
    const file = path.join(folder, 'constructor.yaml');
    const resources = inputs.map((input, index) => ({ name: `resource-${index}`, type: 'blob', input }));
    writeFileSync(file, JSON.stringify({ name, version: '1.0.0', provider: 'acme', resources }));
    const target = repositoryIn(memorySpace());
    events = [];
    await buildComponents(file, target, {
      epoch: 0,
      registries: openRegistries({ credentials: 'anonymous' }),
      report: event => events.push(event),
    });
    return target.open(name, '1.0.0');
  };
  /** The platforms of an artifact, `-` for what is no index; all it refers to has to be there. */
  const platforms = async (version: ComponentVersionAccess, index: number): Promise<string[]> => {
    const access = version.descriptor.component.resources[index]?.access ?? { type: 'none' };
    const artifact = await (await version.openAccess(access)).artifact?.();
    if (artifact === undefined) throw new Error('no artifact');
    const walk = async (content: Content, node: Descriptor): Promise<void> => {
      for (const child of children(node, await readContent(content, node), 'artifact')) await walk(content, child);
    };
    try {
      await walk(artifact.content, artifact.descriptor);
      if (!isIndex(artifact.descriptor.mediaType)) return ['-'];
      const document = parseIndex(await readContent(artifact.content, artifact.descriptor), 'artifact');
      return document.manifests.map(each => each.platform?.architecture ?? '?');
    } finally {
      await artifact.close();
    }
  };

  it('images are taken whole, or for the platforms asked for, and what is left out is said', async () => {
    const version = await built(
      { type: 'ociImage', path: 'layout:all' },
      { type: 'ociArtifact/v1', path: 'layout:all', platforms: ['linux/amd64', 'linux/arm64'] },
      { type: 'ociImage', path: 'layout:all', platforms: ['linux/riscv64'], repository: '/own/name' },
    );
    expect(await platforms(version, 0)).to.deep.equal(['amd64', 'arm64', 'riscv64']);
    expect(await platforms(version, 1)).to.deep.equal(['amd64', 'arm64']);
    expect(await platforms(version, 2)).to.deep.equal(['-']);
    expect(version.descriptor.component.resources[2]?.access.referenceName).to.equal('own/name:all');
    expect(events.filter(event => event.kind === 'info').map(event => event.detail)).to.deep.equal([
      'linux/riscv64',
      'linux/amd64, linux/arm64',
    ]);
  });

  it('images come from archives of docker save, and several become one index', async () => {
    const version = await built(
      { type: 'docker', path: 'amd64.tar' },
      { type: 'dockermulti', variants: ['amd64.tar', 'arm64.tar:web:arm64', 'layout:riscv64'], repository: 'web' },
    );
    expect(await platforms(version, 0)).to.deep.equal(['-']);
    expect(await platforms(version, 1)).to.deep.equal(['amd64', 'arm64', 'riscv64']);
    expect(version.descriptor.component.resources[1]?.access.referenceName).to.equal(`${name}/web:1.0.0`);
  });

  it('downloads become local blobs', async () => {
    const server = await FaultyServer.start(reply(200, 'downloaded'));
    try {
      const version = await built({
        type: 'wget',
        url: `${server.url}/x`,
        mediaType: 'text/plain',
        verb: 'POST',
        body: 'question',
      });
      const blob = await version.openResource({ name: 'resource-0' });
      expect(blob).to.include({ mediaType: 'text/plain', size: 10 });
      expect(server.seen[0]?.body.toString()).to.equal('question');
    } finally {
      await server.stop();
    }
  });

  it('folders are filtered by shell patterns', async () => {
    mkdirSync(path.join(folder, 'tree', 'deep', 'er'), { recursive: true });
    for (const file of ['a.yaml', 'b.yml', 'c.txt', '[x].txt', 'deep/d.yaml', 'deep/er/e.yaml'])
      writeFileSync(path.join(folder, 'tree', file), file);
    const files = async (more: JsonObject): Promise<string[]> => {
      const version = await built({ type: 'dir', path: 'tree', ...more });
      const found: string[] = [];
      for await (const entry of readTar(await (await version.openResource({ name: 'resource-0' })).stream(), 'tree'))
        found.push(entry.name);
      return found;
    };
    expect(await files({})).to.deep.equal([
      '[x].txt',
      'a.yaml',
      'b.yml',
      'c.txt',
      'deep',
      'deep/d.yaml',
      'deep/er',
      'deep/er/e.yaml',
    ]);
    expect(await files({ includeFiles: ['*.yaml', 'deep/?.yaml'] })).to.deep.equal(['a.yaml', 'deep/d.yaml']);
    expect(await files({ includeFiles: ['[a-b].y*', '\\[x\\].txt'] })).to.deep.equal(['[x].txt', 'a.yaml', 'b.yml']);
    expect(await files({ excludeFiles: ['deep', '[^ab].txt', '*.yml'] })).to.deep.equal(['[x].txt', 'a.yaml']);
    expect(await files({ preserveDir: true, includeFiles: ['c.txt'] })).to.deep.equal(['tree', 'tree/c.txt']);
  });
});
