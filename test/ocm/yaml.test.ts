import { expect } from 'chai';
import fc from 'fast-check';
import { readYaml, resolvePlainScalar, sameJson, writeYaml, type Json } from '../../ocm/yaml';
import { BlockText } from '../../ocm/yaml/block-text';
import { JsonText } from '../../ocm/yaml/json-text';
import { defaultLimits, NotOfThisKind } from '../../ocm/yaml/problem';
import { readRichText } from '../../ocm/yaml/rich-text';
import { hasCode } from '../../report';

const read = (text: string): Json => readYaml(Buffer.from(text), 'file.yaml').value;

describe('ocm/yaml', () => {
  const scalars: readonly (readonly [string, Json])[] = [
    ['yes', true],
    ['Off', false],
    ['y', true],
    ['~', null],
    ['', null],
    ['1.10', 1.1],
    ['0755', 493],
    ['0o17', 15],
    ['0x1F', 31],
    ['0b11', 3],
    ['1_000', 1000],
    ['08', 8],
    ['-0', -0],
    ['+5', 5],
    ['.5', 0.5],
    ['1e3', 1000],
    ['1.0.0', '1.0.0'],
    ['2026-11-21', '2026-11-21'],
    ['2026-11-21T08:00:05Z', '2026-11-21T08:00:05Z'],
    ['12:30:45', '12:30:45'],
    ['9223372036854775808', 9223372036854775808],
    ['v1', 'v1'],
    ['nope', 'nope'],
    ['.', '.'],
    ['-', '-'],
    ['1.0.0+build', '1.0.0+build'],
  ];
  for (const [text, value] of scalars) {
    it(`reads ${text === '' ? 'nothing' : text} as Go does`, () => {
      const found = resolvePlainScalar(text);
      expect(Object.is(found, -0) ? 0 : found).to.equal(Object.is(value, -0) ? 0 : value);
    });
  }

  it('reads quoted text as text, merges maps, expands aliases', () => {
    expect(read('a: "yes"\nb: &x {c: 1}\nd: {<<: *x, e: \'2\'}\nf: *x\n')).to.deep.equal({
      a: 'yes',
      b: { c: 1 },
      d: { c: 1, e: '2' },
      f: { c: 1 },
    });
    expect(read('{"a": "\\ud83d\\ude00", "__proto__": {"b": 1}}')).to.have.own.property('__proto__');
  });

  const json = fc.jsonValue({ maxDepth: 4 }).map(value => JSON.parse(JSON.stringify(value)) as Json);
  it('reads what it writes, whatever it is', () => {
    fc.assert(
      fc.property(json, value => {
        expect(sameJson(read(writeYaml(value)), value)).to.equal(true);
      }),
      { numRuns: 150 },
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constantFrom(
        'yes',
        '1.0',
        '0x1',
        ' a',
        'a ',
        '- a',
        'a: b',
        'a #b',
        '#',
        '|',
        '\n',
        'a\n',
        'a\n\nb',
        '\ta',
        "it's",
        '2026-01-01',
        '<<',
        '=',
        '1:20',
        '...',
        '---',
      ),
    );
    fc.assert(
      fc.property(fc.dictionary(text, fc.oneof(text, fc.array(text))), value => {
        const plain = JSON.parse(JSON.stringify(value)) as Json;
        expect(sameJson(read(writeYaml(plain)), plain)).to.equal(true);
      }),
      { numRuns: 300 },
    );
  });

  /** What a quick reader gives; undefined where the text is not for it. */
  const quickly = (reader: { read(): Json }): Json | undefined => {
    try {
      return reader.read();
    } catch (error) {
      if (error instanceof NotOfThisKind) return undefined;
      throw error;
    }
  };

  it('reads quickly what the full reader reads, to the same data and places', () => {
    const line = fc.constantFrom(
      'a: 1',
      'b: yes',
      'c:',
      "d: 'it''s'",
      'e: "q\\n"',
      'f: []',
      'g: |',
      'h: |-',
      'i: plain text',
      '- x',
      '- k: v',
      '- - y',
      '-',
      '# comment',
      '',
      'more text',
      'j: {}',
      'k: 1.0.0',
      "'l m': n",
      'o: "p" q',
      'r: s: t',
      'u: v # w',
    );
    const text = fc
      .array(fc.tuple(fc.constantFrom('', '  ', '    ', ' '), line), { minLength: 1, maxLength: 8 })
      .map(lines => lines.map(([indent, content]) => `${indent}${content}\n`).join(''));
    let quick = 0;
    fc.assert(
      fc.property(text, written => {
        let found: Json | undefined;
        try {
          found = quickly(new BlockText(written, 100));
        } catch {
          // Refused, then by both.
          expect(() => readRichText(written, 'f', defaultLimits)).to.throw();
          return;
        }
        if (found === undefined) return;
        quick += 1;
        const [document] = readRichText(written, 'f', defaultLimits);
        expect(sameJson(document?.value, found), written).to.equal(true);
      }),
      { numRuns: 2000 },
    );
    expect(quick).to.be.at.least(100);
    const documents = 'a:\n- b: 1\n  c: [] \nd: |\n  x\n';
    for (const path of [['a'], ['a', 0], ['a', 0, 'c'], ['d'], ['a', 7], ['nothing', 1]])
      expect(readYaml(Buffer.from(documents), 'f').locate(path)).to.equal(
        readRichText(documents, 'f', defaultLimits)[0]?.locate(path),
      );
  });

  it('reads JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 1, '\t'), (written, indent) => {
        const value = JSON.parse(written) as Json;
        expect(sameJson(quickly(new JsonText(JSON.stringify(value, null, indent), 1000)), value)).to.equal(true);
      }),
      { numRuns: 200 },
    );
    expect(() => read('{"a":\n [1, {"b": 1e999}]}'))
      .to.throw('too large')
      .with.property('where', 'file.yaml:2:12');
  });

  it('folds long text as Go does, and reads it again', () => {
    const words = 'word '.repeat(30).trim();
    expect(writeYaml({ a: words, b: [`${words}: x`] })).to.equal(
      `a: ${'word '.repeat(16).trim()}\n  ${'word '.repeat(14).trim()}\nb:\n- '${'word '.repeat(16).trim()}\n  ${'word '.repeat(14).trim()}: x'\n`,
    );
    expect(read(writeYaml({ a: words, b: [`${words}: x`] }))).to.deep.equal({ a: words, b: [`${words}: x`] });
  });

  const bomb = [
    'a: &a [x, x, x, x, x, x, x, x, x, x]',
    ...'bcdefgh'.split('').map(
      (name, index) =>
        `${name}: &${name} [${Array<string>(10)
          .fill(`*${'abcdefg'[index] ?? ''}`)
          .join(', ')}]`,
    ),
  ].join('\n');
  const bad: readonly (readonly [string, string, string])[] = [
    ['a key that stands twice', 'a: 1\nb: 2\na: 3\n', ':3:1'],
    ['an alias to nothing', 'a: *b\n', ''],
    ['an alias to what it stands in', 'a: &a [*a]\n', ''],
    ['aliases that multiply', bomb, ''],
    ['deep nesting', '['.repeat(20000), ''],
    ['nesting beyond the limit', `${'['.repeat(150)}${']'.repeat(150)}`, ''],
    ['several documents', 'a: 1\n---\nb: 1\n', ''],
    ['an empty file', '', ''],
    ['a tag of a programming language', 'a: !!python/object:os.system x\n', ''],
    ['not a number', 'a: .nan\n', ':1:4'],
    ['a map as key', '{a: 1}: 2\n', ''],
    ['unclosed brackets', 'a: [1, 2\n', ':2:1'],
  ];
  for (const [what, text, place] of bad) {
    it(`refuses ${what}`, () => {
      let problem: unknown;
      try {
        read(text);
      } catch (error) {
        problem = error;
      }
      expect(hasCode(problem, 'ocm.invalid-yaml'), String(problem)).to.equal(true);
      if (hasCode(problem, 'ocm.invalid-yaml')) expect(problem.where).to.contain(`file.yaml${place}`);
    });
  }

  it('refuses text that is not UTF-8, and too much of it', () => {
    expect(() => readYaml(Buffer.from([0x61, 0xff]), 'f')).to.throw('UTF-8');
    expect(() => readYaml(Buffer.alloc(11, 0x61), 'f', { bytes: 10 })).to.throw('more than 10');
  });
});
