import { expect } from 'chai';
import fc from 'fast-check';
import { parse } from 'yaml';
import { parseConfigData } from '../../product/config-data';
import { listKeysOf } from '../../product/list-keys';
import { mergeValues } from '../../product/merge';
import { sliceValues } from '../../product/values-slice';
import { joinValues } from '../../product/values-tree';

const config = parseConfigData(
  `kind: ConfigData
configuration:
  defaults: {env: []}
  schema:
    properties:
      env: {$ref: "#/definitions/named"}
    definitions:
      named:
        type: array
        x-kubernetes-list-type: map
        x-kubernetes-list-map-keys: [name]
        items: {properties: {ports: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [port, protocol]}}}
`,
  'config.yaml',
);
const listKeys = listKeysOf([{ pipeline: 'web', config }]);
const merge = (base: string, current: string, next: string) => mergeValues({ base, current, next, listKeys });

describe('lists whose elements have keys', () => {
  const base =
    'web:\n  env:\n  # how much is said\n  - name: LEVEL\n    value: info\n\n  - name: COLOR\n    value: blue # the page\n';

  it('are merged element by element: news with their comments, edits stay', () => {
    const current = base.replace('value: info', 'value: debug # ours').replace('COLOR\n', 'COLOR\n    # ours too\n');
    const next = `${base.replace('value: blue', 'value: green')}  # how many\n  - name: COUNT\n    value: 3\n`;
    const { text, changes, conflicts } = merge(base, `${current}  - name: OURS\n    value: x\n`, next);
    expect(text).to.equal(
      'web:\n  env:\n  # how much is said\n  - name: LEVEL\n    value: debug # ours\n\n  - name: COLOR\n    # ours too\n    value: green # the page\n  - name: OURS\n    value: x\n  # how many\n  - name: COUNT\n    value: 3\n',
    );
    expect(changes.map(each => `${each.kind} ${each.path}`).sort()).to.deep.equal([
      'kept-edit web.env[name=LEVEL].value',
      'kept-edit web.env[name=OURS]',
      'vendor-added web.env[name=COUNT]',
      'vendor-changed web.env[name=COLOR].value',
    ]);
    expect(conflicts).to.deep.equal([]);
  });

  it('tell a conflict of one element, and what the vendor dropped', () => {
    const both = merge(base, base.replace('blue', 'red'), base.replace('blue', 'green'));
    expect(both.conflicts.map(each => each.path)).to.deep.equal(['web.env[name=COLOR].value']);
    const decided = merge(
      base,
      base.replace('blue # the page', 'red #+airlock-keep web.env[name=COLOR].value'),
      base.replace('blue', 'green'),
    );
    expect(decided.conflicts).to.deep.equal([]);
    const dropped = merge(base, base, 'web:\n  env:\n  - name: COLOR\n    value: blue # the page\n');
    expect(dropped.text).to.equal('web:\n  env:\n  - name: COLOR\n    value: blue # the page\n');
  });

  it('are merged as a whole without a schema, and where elements have no key', () => {
    const changed = base.replace('info', 'debug');
    expect(
      mergeValues({ base, current: changed, next: base.replace('blue', 'green') }).conflicts.map(each => each.path),
    ).to.deep.equal(['web.env']);
    const nameless = 'web:\n  env:\n  - value: 1\n';
    expect(
      merge(nameless, 'web:\n  env:\n  - value: 2\n', 'web:\n  env:\n  - value: 3\n').conflicts.map(each => each.path),
    ).to.deep.equal(['web.env']);
    const flow = 'web: {env: [{name: a, value: 1}]}\n';
    expect(parse(merge(flow, flow, base).text)).to.deep.equal(parse(base));
  });

  describe('properties', () => {
    const names = ['a', 'b', 'c', 'd'];
    const element = fc.record({
      name: fc.constantFrom(...names),
      lead: fc.constantFrom('', '', '# note\n', '\n'),
      value: fc.constantFrom('1', '"x"', 'text', '{x: 1}', '[1]', '|\n@  long'),
      first: fc.boolean(),
      comment: fc.constantFrom('', ' # why'),
      ports: fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { maxLength: 3, minLength: 1 }), {
        nil: undefined,
      }),
    });
    const file = fc
      .tuple(
        fc.uniqueArray(element, { selector: each => each.name, maxLength: 4, minLength: 1 }),
        fc.constantFrom('  ', '    '),
        fc.constantFrom('- ', '-   '),
      )
      .map(([elements, indent, dash]) => {
        const inner = indent + ' '.repeat(dash.length);
        const lines = elements.map(({ name, lead, value, first, comment, ports }) => {
          const written = `value: ${value.replaceAll('@', inner)}${value.includes('\n') ? '' : comment}\n`;
          const keys = [`name: ${name}\n`, written];
          if (first) keys.reverse();
          if (ports)
            keys.push(`ports:\n${ports.map(port => `${inner}- port: ${port}\n${inner}  protocol: TCP\n`).join('')}`);
          return `${lead.replace(/^(?=#)/gm, indent)}${indent}${dash}${keys.join(inner)}`;
        });
        return `web:\n  env:\n${lines.join('')}`;
      });
    const options = { numRuns: Number(process.env.AIRLOCK_PROPERTY_RUNS ?? 50) };
    interface Element {
      readonly name: string;
    }
    const byName = (text: string): Map<string, Element> => {
      const { env } = (parse(text) as { web: { env: Element[] | null } }).web;
      return new Map((env ?? []).map(each => [each.name, each]));
    };

    it('a file that is cut is the file', () => {
      fc.assert(
        fc.property(file, text => joinValues(sliceValues(text, 'f', listKeys)) === text),
        options,
      );
    });
    it('without edits it is the vendor’s file, without news the consumer’s', () => {
      fc.assert(
        fc.property(file, file, (left, right) => {
          expect(merge(left, left, right).text).to.equal(right);
          expect(merge(left, right, left).text).to.equal(right);
        }),
        options,
      );
    });
    it('it is idempotent, and loses no edit of an element that the vendor left alone', () => {
      fc.assert(
        fc.property(file, file, file, (was, ours, theirs) => {
          const merged = merge(was, ours, theirs);
          expect(merge(theirs, merged.text, theirs).text).to.equal(merged.text);
          const [b, c, n, m] = [byName(was), byName(ours), byName(theirs), byName(merged.text)];
          const same = (x: unknown, y: unknown): boolean => JSON.stringify(x) === JSON.stringify(y);
          for (const name of names) {
            if (same(b.get(name), n.get(name))) expect(m.get(name)).to.deep.equal(c.get(name));
            if (same(b.get(name), c.get(name))) expect(m.get(name)).to.deep.equal(n.get(name));
          }
        }),
        options,
      );
    });
  });
});
