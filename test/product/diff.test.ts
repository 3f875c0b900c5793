import { expect } from 'chai';
import { manifestDiff, readTar, textDiff, writeTar } from '../../product';

const files = (entries: Record<string, string>) =>
  new Map(Object.entries(entries).map(([path, text]) => [path, Buffer.from(text)]));

describe('differences', () => {
  const secret = (value: string) =>
    `kind: Secret\nmetadata: {name: s}\nstringData: {password: ${value}, same: keep-me}\n`;

  it('are told object by object, wherever the object stands', () => {
    const before = files({
      'a.yaml': 'kind: A\nmetadata: {name: x}\n---\nkind: B\nmetadata: {name: y, namespace: n}\nv: 1\n',
    });
    const after = files({
      'b.yaml': '# moved\nkind: B\nv: 2\nmetadata: {namespace: n, name: y}\n',
      'c.yaml': 'metadata: {name: x} # the same\nkind: A\n',
      'note.txt': 'hello\n',
    });
    const diffs = manifestDiff(before, after);
    expect(diffs.map(each => [each.object, each.kind])).to.deep.equal([
      ['B n/y', 'changed'],
      ['note.txt', 'added'],
    ]);
    expect(diffs[0]?.text).to.contain('-v: 1').and.to.contain('+v: 2');
  });

  it('never show what a Secret holds', () => {
    const [diff] = manifestDiff(files({ 's.yaml': secret('hunter2') }), files({ 's.yaml': secret('hunter3') }));
    expect(diff?.text).to.contain('-  password: hidden (old)').and.to.contain('+  password: hidden (new)');
    expect(diff?.text).to.not.match(/hunter|keep-me/);
    const [added] = manifestDiff(undefined, files({ 's.yaml': secret('hunter2') }));
    expect(added?.text).to.not.match(/hunter|keep-me/);
  });

  it('are the same whether a parser is needed or not', () => {
    const usual = (value: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: n\ndata:\n  x: ${value}\n`;
    const unusual = (value: string) =>
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: n}, data: {x: ${value}}}\n`;
    const values = ['text', 'other', '"text"', "'text'", 'true', '"true"', 'True', '1', '"1"', '1.0', 'null', '""', ''];
    for (const left of values) {
      for (const right of values) {
        const told = (write: (value: string) => string): unknown =>
          manifestDiff(files({ 'a.yaml': write(left) }), files({ 'a.yaml': write(right) })).map(each => [
            each.object,
            each.kind,
          ]);
        expect(told(usual), `${left} / ${right}`).to.deep.equal(told(unusual));
      }
    }
  });

  it('are bounded', () => {
    const long = (word: string) => Array.from({ length: 5_000 }, (_each, at) => `${word} ${at}`).join('\n');
    const { text, truncated } = textDiff(long('a'), long('b'), 'f', { lines: 50 });
    expect(truncated).to.equal(true);
    expect(text.split('\n').length).to.be.at.most(50);
    const diffs = manifestDiff(files({}), files({ a: long('a'), b: long('b') }), { characters: 1_000 });
    expect(diffs.reduce((sum, each) => sum + each.text.length, 0)).to.be.at.most(1_000);
    expect(diffs.every(each => each.truncated)).to.equal(true);
  });
});

describe('archives of manifests', () => {
  it('are the same bytes for the same files', async () => {
    const one = await writeTar(files({ b: '1', a: '2' }));
    const other = await writeTar(files({ a: '2', b: '1' }));
    expect(Buffer.from(one).equals(other)).to.equal(true);
    expect([...(await readTar(one, 'x')).keys()]).to.deep.equal(['a', 'b']);
  });
  it('are refused when they leave their folder or are too large', async () => {
    const code = (work: Promise<unknown>) =>
      work.then(
        () => 'accepted',
        (error: unknown) => (error as { code: string }).code,
      );
    expect(await code(readTar(await writeTar(files({ '../x': '1' })), 'x'))).to.equal('product.archive-unsafe');
    expect(await code(readTar(await writeTar(files({ a: '123' })), 'x', { bytes: 2 }))).to.equal(
      'product.archive-too-large',
    );
    expect(await code(readTar(await writeTar(files({ a: '1', b: '1' })), 'x', { files: 1 }))).to.equal(
      'product.archive-too-large',
    );
    expect(await code(readTar(Buffer.alloc(600, 1), 'x'))).to.equal('product.archive-invalid');
  });
});
