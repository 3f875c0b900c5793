import { expect } from 'chai';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isPair, isScalar, isSeq, stringify, type ParsedNode } from 'yaml';
import { parseConfigData, type ConfigData } from '../../product/config-data';
import { editText } from '../../product/document-edit';
import { plainNodeValue, readPlainYaml, type PlainNode } from '../../product/plain-yaml';
import { parseYamlSource, valueOf } from '../../product/yaml-source';

const project = join(__dirname, '..', '..');

/** A text that is read quickly means what the full parser says, and its parts stand where the full parser sees them. */
function agrees(text: string): boolean {
  const quick = readPlainYaml(text);
  if (quick === undefined) return false;
  const { documents } = parseYamlSource(text, 'file.yaml');
  expect(quick.map(plainNodeValue)).to.deep.equal(documents.map(each => valueOf(each)));
  quick.forEach((node, at) => samePlaces(node, documents[at]?.contents ?? null));
  return true;
}

function samePlaces(quick: PlainNode | undefined, full: ParsedNode | null): void {
  if (quick === undefined) return (expect(isScalar(full) ? full.value : full).to.equal(null), undefined);
  expect(quick.start).to.equal(full?.range[0]);
  if (quick.kind === 'scalar') {
    if (quick.style !== '|') expect(quick.end).to.equal(full?.range[1]);
  } else if (quick.kind === 'list') {
    if (!isSeq(full)) throw new Error('not a list');
    quick.items.forEach((item, at) => samePlaces(item, full.items[at] as ParsedNode));
  } else {
    if (!isMap(full)) throw new Error('not a map');
    [...quick.entries.values()].forEach((entry, at) => {
      const pair = full.items[at];
      if (!isPair(pair)) throw new Error('not a pair');
      expect(entry.keyStart).to.equal(pair.key.range[0]);
      samePlaces(entry.node, pair.value);
    });
  }
}

const piece = fc.constantFrom(
  ...[
    'a',
    'b-c',
    'd.e/f',
    '"q"',
    "'s t'",
    'true',
    'null',
    '~',
    '0',
    '-7',
    '1.50',
    '0x1f',
    '1e3',
    '08',
    '-0',
    '.5',
    'yes',
    '10m',
  ],
  ...[
    ': ',
    ':',
    '- ',
    '-',
    ' ',
    '  ',
    '    ',
    '\n',
    '\n  ',
    '\n    ',
    '\n- ',
    '\n  - ',
    ' # c',
    '#',
    '\n# c\n',
    '\n---\n',
    '\n...\n',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    ', ',
    ',',
    '|',
    '|-',
    '|\n  ',
    '>',
    '&x ',
    '*x',
    '!t ',
    '?',
    '<<: ',
    '%',
    '@',
    '"',
    "'",
    '\\',
    '"\\n"',
    'é',
    '\t',
  ],
  ...[
    '\nk: ',
    '\nk:\n  ',
    '\nm: {x: 1, y: [p, q]}',
    '\n  n: |\n    text\n    more\n',
    '\n- o: 1\n  p: 2',
    '(( a || b ))',
    '{}',
    '[]',
  ],
);

describe('YAML read quickly', () => {
  it('means what the full parser says, or is left to it', () => {
    const text = fc.array(piece, { maxLength: 24 }).map(pieces => pieces.join(''));
    let read = 0;
    fc.assert(
      fc.property(text, each => {
        if (agrees(each)) read += 1;
      }),
      { numRuns: process.env['AIRLOCK_TEST_FULL'] === '1' ? 300_000 : 8_000 },
    );
    // About one in forty: a reader that leaves everything to the parser would agree with it always.
    expect(read).to.be.greaterThan(100);
  });

  it('is what a program wrote', () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.double({ noNaN: true }));
    const { value } = fc.letrec<{ value: unknown }>(tie => ({
      value: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.stringMatching(/^[a-z][a-z.-]{0,8}$/), tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(
        value,
        fc.constantFrom(0, 1),
        (each, style) => void agrees(style === 0 ? stringify(each) : JSON.stringify(each)),
      ),
    );
  });

  it('is what the examples are written in', () => {
    const folder = join(project, 'examples');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(each => /\.ya?ml$/.test(each));
    const read = files.filter(each => {
      const text = readFileSync(join(folder, each), 'utf8');
      return !/templates/.test(each) && agrees(text);
    });
    expect(read.length).to.be.greaterThan(files.length / 2);
  });

  const comment = fc.constantFrom('', '  # of the vendor\n', '    # deeper\n', '# at the margin\n', '\n');
  const setting = fc.constantFrom(
    '    KEY: 1 # why\n',
    '    KEY:\n      a: b\n',
    '    KEY: {a: [1, 2]}\n',
    '    KEY: |\n      text\n',
  );
  const lines = fc.array(fc.tuple(comment, setting), { minLength: 1, maxLength: 5 });
  const after = fc.constantFrom('', '  rules: []\n', '  schema: {type: object}\n', 'after: 1\n');

  it('has the same defaults, comments included, as configuration data read in full', () => {
    fc.assert(
      fc.property(lines, comment, after, (all, last, next) => {
        const defaults = all.map(([above, line], at) => above + line.replace('KEY', `key${at}`)).join('');
        const text = `kind: ConfigData\nlocalization:\nconfiguration:\n  # first\n  defaults:\n${defaults}${last}${next}`;
        expect(readPlainYaml(text), text).to.not.equal(undefined);
        // An anchor in front leaves the text to the full parser.
        const full = parseConfigData(`anchor: &a 1\n${text}`, 'config.yaml');
        expect(withoutPlaces(parseConfigData(text, 'config.yaml'))).to.deep.equal(withoutPlaces(full));
      }),
    );
  });

  it('is edited as text read in full is', () => {
    const value = fc.constantFrom<string | number | boolean | null>('new', 'yes', 'a: b', "it's", 7, true, null);
    fc.assert(
      fc.property(lines, value, (all, each) => {
        const text = `root:\n${all.map(([above, line], at) => above + line.replace('KEY', `key${at}`)).join('')}`;
        const edits = all.map(([, line], at) => ({
          path: `root.key${at}${line.includes('a: b') ? '.a' : line.includes('{') ? '.a[1]' : ''}`,
          value: each,
        }));
        const anchored = '---\nanchor: &a 1\n';
        expect(editText(text + anchored, 'file.yaml', edits)).to.equal(editText(text, 'file.yaml', edits) + anchored);
      }),
    );
  });
});

function withoutPlaces(config: ConfigData): object {
  const { schemaWhere: _place, ...rest } = config;
  return rest;
}
