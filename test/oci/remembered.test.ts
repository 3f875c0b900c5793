import { expect } from 'chai';
import { ContentMemory, describe as described, MediaType, MemoryContent, readContent, type Content } from '../../oci';

/** Content that counts what is asked of it. */
function counted(content: MemoryContent): { content: Content; asked: () => number } {
  let asked = 0;
  const fetch: Content['fetch'] = descriptor => {
    asked += 1;
    return content.fetch(descriptor);
  };
  return { content: Object.assign(Object.create(content) as Content, { fetch }), asked: () => asked };
}

describe('oci: content that is remembered', () => {
  const small = Buffer.from('small');
  const large = Buffer.alloc(300_000, 'x');

  it('is asked for once, by readers at once and later; what is large, each time', async () => {
    const memory = new MemoryContent('memory');
    const { content, asked } = counted(memory);
    const remembered = new ContentMemory().of(content);
    for (const bytes of [small, large]) await memory.push(described(MediaType.layer, bytes), bytes);
    const read = (bytes: Buffer): Promise<Buffer> => readContent(remembered, described(MediaType.layer, bytes));
    const found = await Promise.all([read(small), read(small)]);
    found.push(await read(small));
    expect(found.map(String)).to.deep.equal(['small', 'small', 'small']);
    expect(asked()).to.equal(1);
    for (let i = 0; i < 2; i += 1) expect((await read(large)).equals(large)).to.equal(true);
    expect(asked()).to.equal(3);
  });

  it('is asked for again after a failure, and is not mixed up with what has another size', async () => {
    const memory = new MemoryContent('memory');
    const remembered = new ContentMemory().of(memory);
    const descriptor = described(MediaType.layer, small);
    const failed = await readContent(remembered, descriptor).then(
      () => undefined,
      (error: unknown) => (error as { code?: string }).code,
    );
    expect(failed).to.equal('oci.not-found');
    await memory.push(descriptor, small);
    expect(String(await readContent(remembered, descriptor))).to.equal('small');
    const lying = await readContent(remembered, { ...descriptor, size: 4 }).catch((error: unknown) => error);
    expect(lying).to.be.an('error');
  });
});
