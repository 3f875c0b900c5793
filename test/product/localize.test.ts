import { expect } from 'chai';
import { parseConfigData } from '../../product/config-data';
import { editText } from '../../product/document-edit';
import { editFiles } from '../../product/file-set';
import { imageName, parseImageReference } from '../../product/image-reference';
import { localizationEdits } from '../../product/localize';
import { parsePath } from '../../product/path';
import { memoryReader } from './memory-reader';

const digest = `sha256:${'a'.repeat(64)}`;

describe('paths', () => {
  it('reads keys, indices and quoted keys', () => {
    expect(parsePath('a.b[0].c')).to.deep.equal(['a', 'b', 0, 'c']);
    expect(parsePath('.a."b.c"[1]')).to.deep.equal(['a', 'b.c', 1]);
    expect(parsePath('a["b.c"].d-e')).to.deep.equal(['a', 'b.c', 'd-e']);
  });
  for (const bad of ['', '.', 'a.', 'a..b', 'a[', 'a[x]', 'a b']) {
    it(`refuses ${JSON.stringify(bad)}`, () => {
      expect(() => parsePath(bad))
        .to.throw()
        .with.property('code', 'product.path-invalid');
    });
  }
});

describe('editing files', () => {
  const text = [
    '# head',
    'kind: A',
    'spec: # the spec',
    '    image:   "old:1"   # keep me',
    '    flow: {a: 1, "b.c": [x, y]}',
    '    empty:',
    '    list:',
    '    - name: first',
    '      value: 1',
    '    text: |',
    '      line',
    '---',
    'kind: B # second',
    'spec:',
    '  image: other',
    '',
  ].join('\n');

  it('replaces values only', () => {
    const edited = editText(text, 'f.yaml', [
      { path: 'spec.image', value: 'new:2' },
      { path: 'spec.flow.a', value: 2 },
      { path: 'spec.flow."b.c"[1]', value: 'z, w' },
      { path: 'spec.empty', value: 'full' },
      { path: 'spec.list[0].value', value: { x: ['1'] } },
      { path: 'spec.text', value: 'a: b' },
    ]);
    expect(edited).to.equal(
      [
        '# head',
        'kind: A',
        'spec: # the spec',
        '    image:   "new:2"   # keep me',
        '    flow: {a: 2, "b.c": [x, "z, w"]}',
        '    empty: full',
        '    list:',
        '    - name: first',
        '      value:',
        '        x:',
        '          - "1"',
        '    text: "a: b"',
        '---',
        'kind: B # second',
        'spec:',
        '  image: new:2',
        '',
      ].join('\n'),
    );
  });

  it('keeps JSON as JSON', () => {
    const edited = editText('{\n\t"a": {"b": "x"},\n  "n": 1\n}\n', 'f.json', [
      { path: 'a.b', value: 'y' },
      { path: 'n', value: { list: [1] } },
    ]);
    expect(edited).to.equal('{\n\t"a": {"b": "y"},\n  "n": {"list":[1]}\n}\n');
  });

  it('quotes what YAML 1.1 would read as something else', () => {
    for (const value of ['yes', '1', '~', '012', '1:30', 'null', '2026-01-01', 'a: b', ' x', '']) {
      expect(editText('a: b\n', 'f', [{ path: 'a', value }])).to.equal(`a: ${JSON.stringify(value)}\n`);
    }
  });

  it('lets a later edit win and see the earlier one', () => {
    const edited = editText('a: 1\n', 'f', [
      { path: 'a', value: { b: 1, c: 1 } },
      { path: 'a.b', value: 2 },
    ]);
    expect(edited).to.equal('a:\n  b: 2\n  c: 1\n');
  });

  it('refuses a path that matches nothing, and says where it stopped', () => {
    expect(() => editText(text, 'f.yaml', [{ path: 'spec.nothing.here', value: 1, where: 'config.yaml:3:1' }]))
      .to.throw('matches nothing in f.yaml: there is no "nothing" at step 2')
      .with.property('where', 'config.yaml:3:1');
  });

  it('refuses a file that is not there', () => {
    expect(() => editFiles(new Map(), [{ file: 'x.yaml', path: 'a', value: 1 }]))
      .to.throw()
      .with.property('code', 'product.file-not-found');
  });

  it('is bounded', () => {
    expect(() => editText(`a: ${'['.repeat(5000)}`, 'f', [{ path: 'a', value: 1 }])).to.throw();
    expect(() => editText(`${'  '.repeat(1)}a: 1\n`.repeat(2), 'f', [{ path: 'a', value: 1 }]))
      .to.throw()
      .with.property('code', 'product.yaml-invalid');
  });
});

describe('localization', () => {
  const reader = memoryReader('ocm.software/demos/podinfo', '1.0.0', [
    { name: 'image', type: 'ociArtifact', image: `registry.example:5000/team/podinfo:6.9.1@${digest}` },
    { name: 'plain', type: 'ociArtifact', image: `registry.example:5000/team/podinfo@${digest}` },
    { name: 'other', type: 'ociArtifact', extraIdentity: { arch: 'arm64' }, image: 'busybox:1' },
    { name: 'other', type: 'ociArtifact', extraIdentity: { arch: 'amd64' }, image: 'busybox:2' },
  ]);
  const rules = (yaml: string) =>
    parseConfigData(`kind: ConfigData\nlocalization:\n${yaml}`, 'config.yaml').localization;

  it('writes every part of a reference', async () => {
    const { edits, images } = await localizationEdits(
      rules(
        '- {file: f, image: a, registry: b, repository: c, fullyQualifiedRepository: d, tag: e, digest: f, resource: {name: image}}\n',
      ),
      reader,
    );
    expect(Object.fromEntries(edits.map(each => [each.path, each.value]))).to.deep.equal({
      a: `registry.example:5000/team/podinfo@${digest}`,
      b: 'registry.example:5000',
      c: 'team/podinfo',
      d: 'registry.example:5000/team/podinfo',
      e: '6.9.1',
      f: digest,
    });
    expect(images).to.deep.equal([
      { resource: 'image', reference: `registry.example:5000/team/podinfo:6.9.1@${digest}` },
    ]);
  });

  it('finds resources by extra identity', async () => {
    const { edits } = await localizationEdits(
      rules('- {file: f, image: a, resource: {name: other, extraIdentity: {arch: amd64}}}\n'),
      reader,
    );
    expect(edits[0]?.value).to.equal('index.docker.io/library/busybox:2');
  });

  const refused = async (yaml: string) => {
    try {
      await localizationEdits(rules(yaml), reader);
    } catch (error) {
      return error as { code: string; where?: string };
    }
    throw new Error('was not refused');
  };
  it('never writes a digest where a tag is wanted', async () => {
    const error = await refused('- {file: f, tag: a, resource: {name: plain}}\n');
    expect(error.code).to.equal('product.localization-lacks-part');
    expect(error.where).to.equal('config.yaml:3:3');
  });
  it('names the program that is missing', async () => {
    expect((await refused('- {file: f, mapping: {path: a, transform: "out: 1"}}\n')).code).to.equal(
      'product.program-missing',
    );
  });
  it('takes references apart', () => {
    expect(imageName(parseImageReference('podinfo'))).to.equal('index.docker.io/library/podinfo:latest');
    expect(imageName(parseImageReference('localhost/a:1'))).to.equal('localhost/a:1');
    expect(parseImageReference('a.localhost:8080/x/y')).to.deep.equal({
      registry: 'a.localhost:8080',
      repository: 'x/y',
    });
    expect(() => parseImageReference('host.example/'))
      .to.throw()
      .with.property('code', 'product.image-reference-invalid');
  });
});
