import { expect } from 'chai';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { mergeValues } from '../../product/merge';
import { sliceValues } from '../../product/values-slice';
import { joinValues } from '../../product/values-tree';

const kinds = (result: { changes: readonly { path: string; kind: string }[] }) =>
  Object.fromEntries(result.changes.map(each => [each.path, each.kind]));

describe('mergeValues', () => {
  const base = [
    'podinfo:',
    '  # Greeting',
    '  message: "podinfo"',
    '',
    '  # Pods',
    '  replicas: 1',
    '  old: x',
    '',
  ].join('\n');
  const next = [
    'podinfo:',
    '  # Greeting on the page',
    '  message: "podinfo, new"',
    '  # Logo on the page',
    '  logo: /static/ocm-logo.png # a path',
    '',
    '  # Pods',
    '  replicas: 2',
    '',
  ].join('\n');

  it('takes a file that holds nothing for what it is', () => {
    const merged = mergeValues({ base: '{}\n', current: '# Mine\n{}\n', next: 'web: {n: 1}\n' });
    expect(parse(merged.text)).to.deep.equal({ web: { n: 1 } });
    expect(merged.text).to.include('# Mine');
  });

  it('is the vendor file, byte for byte, when nothing was edited', () => {
    const result = mergeValues({ base, current: base, next });
    expect(result.text).to.equal(next);
    expect(kinds(result)).to.deep.equal({
      'podinfo.message': 'vendor-changed',
      'podinfo.logo': 'vendor-added',
      'podinfo.replicas': 'vendor-changed',
      'podinfo.old': 'vendor-removed',
    });
  });

  it('keeps edits, comments and order of the consumer', () => {
    const current = [
      '# ours',
      '',
      'podinfo:',
      '    replicas: 1 # one is enough',
      '    message: "podinfo"',
      '    own: 3',
      '    old: x',
      '',
    ].join('\n');
    const result = mergeValues({ base, current, next });
    expect(result.text).to.equal(
      [
        '# ours',
        '',
        'podinfo:',
        '    replicas: 2 # one is enough',
        '    message: "podinfo, new"',
        '    # Logo on the page',
        '    logo: /static/ocm-logo.png # a path',
        '    own: 3',
        '',
      ].join('\n'),
    );
    expect(kinds(result)).to.include({ 'podinfo.own': 'kept-edit', 'podinfo.logo': 'vendor-added' });
    expect(result.conflicts).to.deep.equal([]);
  });

  it('lists a conflict with all three values and leaves the consumer value in the file', () => {
    const current = base.replace('replicas: 1', 'replicas: 5').replace('  old: x', '  old: y');
    const result = mergeValues({ base, current, next });
    expect(parse(result.text)).to.deep.equal({
      podinfo: { message: 'podinfo, new', logo: '/static/ocm-logo.png', replicas: 5, old: 'y' },
    });
    expect(result.conflicts).to.deep.equal([
      { path: 'podinfo.replicas', kind: 'conflict', base: 1, current: 5, next: 2 },
    ]);
    expect(kinds(result)['podinfo.old']).to.equal('removed-but-edited');
  });

  it('lets a person decide a conflict on the value or by path', () => {
    const ignored = base.replace('replicas: 1', 'replicas: 5 #+mpas-ignore');
    expect(mergeValues({ base, current: ignored, next }).conflicts).to.deep.equal([]);
    expect(mergeValues({ base, current: ignored, next }).text).to.contain('replicas: 5 #+mpas-ignore');
    const kept = `${base.replace('replicas: 1', 'replicas: 5')}# +airlock-keep podinfo.replicas\n`;
    expect(mergeValues({ base, current: kept, next }).conflicts).to.deep.equal([]);
  });

  it('takes deletion for an edit, and null for something else than absence', () => {
    const was = 'a:\n  x: 1\n  y: 1\n  z: 1\n';
    const result = mergeValues({ base: was, current: 'a:\n  y:\n  z: "1"\n', next: was });
    expect(result.text).to.equal('a:\n  y:\n  z: "1"\n');
    expect(kinds(result)).to.deep.equal({ 'a.x': 'kept-edit', 'a.y': 'kept-edit', 'a.z': 'kept-edit' });
    const changed = mergeValues({ base: was, current: 'a:\n  y: 1\n  z: 1\n', next: 'a:\n  x: 2\n  y: 1\n  z: 1\n' });
    expect(changed.conflicts.map(each => [each.path, each.base, each.current, each.next])).to.deep.equal([
      ['a.x', 1, undefined, 2],
    ]);
  });

  it('hints at the new name of a setting that was renamed', () => {
    const from = 'web:\n  color: blue\n  size: 1\n';
    const result = mergeValues({
      base: from,
      current: from.replace('blue', 'red'),
      next: 'web:\n  page-color: blue\n  size: 1\n  depth: 3\n',
    });
    const dropped = result.changes.find(each => each.kind === 'removed-but-edited');
    expect(dropped).to.include({ path: 'web.color', renamedTo: 'web.page-color' });
  });
  it('merges lists as a whole and reports a changed type as conflict', () => {
    const was = 'a:\n  l: [1, 2]\n  t: 1\n';
    const result = mergeValues({
      base: was,
      current: 'a:\n  l: [1, 2, 3]\n  t: {k: 1}\n',
      next: 'a:\n  l: [2]\n  t: text\n',
    });
    expect(result.conflicts.map(each => each.path)).to.deep.equal(['a.l', 'a.t']);
    expect(parse(result.text)).to.deep.equal({ a: { l: [1, 2, 3], t: { k: 1 } } });
  });

  it('flags every difference of an adopted file', () => {
    const result = mergeValues({ current: 'podinfo:\n  message: ours\n  extra: 1\n', next });
    expect(kinds(result)).to.deep.equal({
      'podinfo.message': 'adopted',
      'podinfo.extra': 'adopted',
      'podinfo.logo': 'vendor-added',
      'podinfo.replicas': 'vendor-added',
    });
    expect(result.conflicts).to.deep.equal([]);
  });

  it('merges into flow maps, aliases and anchors', () => {
    const was = 'p:\n  a:\n    x: 1\n  b:\n    x: 1\n';
    const will = 'p:\n  a:\n    x: 2\n    n: 1\n  b:\n    x: 1\n';
    const flow = mergeValues({ base: was, current: 'p: {a: {x: 1, own: 3}, b: {x: 1}}\n', next: will });
    expect(parse(flow.text)).to.deep.equal({ p: { a: { x: 2, own: 3, n: 1 }, b: { x: 1 } } });
    const alias = mergeValues({ base: was, current: 'p:\n  a: &a\n    x: 1\n  b: *a\n', next: will });
    expect(parse(alias.text)).to.deep.equal({ p: { a: { x: 2, n: 1 }, b: { x: 1 } } });
    const gone = mergeValues({ base: was, current: 'p:\n  a: &a\n    x: 1\n  b: *a\n', next: 'p:\n  b:\n    x: 1\n' });
    expect(parse(gone.text)).to.deep.equal({ p: { b: { x: 1 } } });
  });

  it('takes the defaults when there is no file, or an empty one', () => {
    expect(mergeValues({ next }).text).to.equal(next);
    expect(mergeValues({ base, current: '\n', next }).text).to.equal(next);
    expect(mergeValues({ base: '', current: '', next: '' }).text).to.equal('');
  });

  it('merges beside texts that keep the blank lines behind them', () => {
    const will = 'a: {}\nb: |+\n  kept\n\n\ne: {}\n';
    const result = mergeValues({ base: '', current: 'a: {}\n\ne: {}\n', next: will });
    expect(parse(result.text)).to.deep.equal(parse(will));
  });

  it('keeps Windows line ends', () => {
    const result = mergeValues({
      base,
      current: base.replace('old: x', 'old: x\n  mine: 1').replaceAll('\n', '\r\n'),
      next,
    });
    expect(result.text.replaceAll('\r\n', '')).to.not.match(/[\r\n]/);
    expect(result.text).to.contain('  mine: 1\r\n').and.to.contain('# Logo on the page\r\n');
  });

  it('names the position of broken YAML', () => {
    expect(() => mergeValues({ base, current: 'podinfo:\n  a: [1\n', next }))
      .to.throw()
      .with.property('code', 'product.yaml-invalid');
    expect(() => mergeValues({ base, current: 'a: 1\na: 2\n', next }))
      .to.throw()
      .with.property('where', 'values.yaml:2:1');
    expect(() => mergeValues({ base, current: '- 1\n', next }))
      .to.throw()
      .with.property('code', 'product.values-invalid');
  });

  describe('properties', () => {
    type Tree = { [key: string]: Tree | string };
    const scalar = fc.constantFrom(
      '1',
      '"1"',
      'null',
      '',
      'text',
      "'q'",
      '[1, 2]',
      '|\n@  long\n@  text',
      '\n@  - a\n@  - b # b',
      '>-\n@  folded',
      '\n@- a\n@- b',
      '{x: 1, y: [2]} ',
      '"two\n@  lines"',
    );
    const noise = fc.constantFrom('', '', '', '# note\n', '\n', '\n# about\n# this\n');
    const comment = fc.constantFrom('', '', ' # why');
    const key = fc.constantFrom('a', 'b', "'c d'", 'd', '"e"');
    const line = fc.record({ noise, comment, scalar });
    type Node = { noise: string; comment: string; scalar: string; children?: [string, Node][] };
    const nodes: fc.Arbitrary<[string, Node][]> = fc.letrec<{ map: [string, Node][] }>(tie => ({
      map: fc.uniqueArray(
        fc.tuple(
          key,
          fc.oneof(
            { depthSize: 'small' },
            line,
            fc.tuple(line, tie('map')).map(([l, children]) => ({ ...l, children })),
          ),
        ),
        { selector: ([name]) => name, maxLength: 5 },
      ),
    })).map;
    const write = (map: [string, Node][], indent: string, step = '  '): string =>
      map
        .map(([name, node]) => {
          const lead = node.noise.replace(/^(?=#)/gm, indent);
          if (node.children && node.children.length > 0) {
            return `${lead}${indent}${name}:${node.comment}\n${write(node.children, indent + step, step)}`;
          }
          if (node.children) return `${lead}${indent}${name}: {}${node.comment}\n`;
          const block = node.scalar.includes('\n');
          const text = node.scalar.replaceAll('@', indent);
          return `${lead}${indent}${name}:${text.startsWith('\n') || text === '' ? text : ` ${text}`}${block ? '' : node.comment}\n`;
        })
        .join('');
    const file = fc.tuple(nodes, fc.constantFrom('  ', '    ', ' ')).map(([map, step]) => write(map, '', step));
    const options = { numRuns: Number(process.env.AIRLOCK_PROPERTY_RUNS ?? 150) };
    const leaves = (tree: unknown, path: string[] = []): [string, string][] =>
      typeof tree === 'object' && tree !== null && !Array.isArray(tree)
        ? Object.entries(tree as Tree).flatMap(([name, each]) => leaves(each, [...path, name]))
        : [[path.join('.'), JSON.stringify(tree)]];
    const at = (tree: unknown, path: string): string | undefined =>
      JSON.stringify(path.split('.').reduce<unknown>((here, step) => (here as Tree | undefined | null)?.[step], tree));

    it('cuts a file into pieces that are the file', () => {
      fc.assert(
        fc.property(file, text => joinValues(sliceValues(text, 'f')) === text),
        options,
      );
    });
    it('without edits gives the vendor file', () => {
      fc.assert(
        fc.property(file, file, (b, n) => mergeValues({ base: b, current: b, next: n }).text === n),
        options,
      );
    });
    it('without news gives the consumer file', () => {
      fc.assert(
        fc.property(file, file, (b, c) => {
          const result = mergeValues({ base: b, current: c, next: b });
          return (c.trim() === '' ? result.text === b : result.text === c) && result.conflicts.length === 0;
        }),
        options,
      );
    });
    it('is idempotent', () => {
      fc.assert(
        fc.property(file, file, file, (b, c, n) => {
          const once = mergeValues({ base: b, current: c, next: n }).text;
          if (once.trim() === '') return;
          expect(mergeValues({ base: b, current: once, next: n }).text).to.equal(once);
          expect(mergeValues({ base: n, current: once, next: n }).text).to.equal(once);
        }),
        options,
      );
    });
    it('loses no edit', () => {
      fc.assert(
        fc.property(file, file, file, (b, c, n) => {
          if (c.trim() === '') return;
          const [was, is, will] = [b, c, n].map(text => parse(text) as unknown);
          const merged: unknown = parse(mergeValues({ base: b, current: c, next: n }).text);
          for (const [path, value] of leaves(is)) {
            if (path !== '' && at(was, path) !== value) expect(at(merged, path), path).to.equal(value);
          }
          for (const [path] of leaves(was)) {
            if (path !== '' && at(is, path) === undefined && at(will, path) !== undefined) {
              expect(at(merged, path), `deleted ${path}`).to.equal(undefined);
            }
          }
        }),
        options,
      );
    });
  });
});
