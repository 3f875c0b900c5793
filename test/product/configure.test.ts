import { expect } from 'chai';
import { defaultValues, defaultValuesText, parseConfigData } from '../../product/config-data';
import { configurationEdits, mergedConfiguration, parseValues, validateConfiguration } from '../../product/configure';
import { Expressions } from '../../product/expression';
import { schemaFaults } from '../../product/schema';

const config = parseConfigData(
  [
    'kind: ConfigData',
    'configuration:',
    '  defaults:',
    '    # What the page says',
    '    message: "podinfo"',
    '',
    '    replicas: 1 # pods',
    '    ports: [9898]',
    '    ui: {color: blue}',
    '    url: http://(( host )):(( ports.[0] ))/',
    '    host: localhost',
    '    # the end',
    '  rules:',
    '  - {value: (( replicas )), file: a.yaml, path: spec.replicas}',
    '  - {value: "x-(( ui.color ))-(( message ))", file: a.yaml, path: spec.text}',
    '  - {value: {all: (( ui )), literal: (( "a (( b" )), raw: "((! x ))"}, file: a.yaml, path: spec.map}',
    '  schema:',
    '    type: object',
    '    additionalProperties: false',
    '    properties:',
    '      message: {type: string}',
    '      replicas: {type: integer, minimum: 1, maximum: 4}',
    '      ports: {type: array, items: {type: integer}}',
    '      ui: {type: object, properties: {color: {enum: [blue, red]}}}',
    '      url: {type: string}',
    '      host: {type: string}',
    '',
  ]
    .join('\n')
    .replaceAll('{value: (( replicas ))', '{value: "(( replicas ))"')
    .replace('{all: (( ui )), literal: (( "a (( b" )),', '{all: "(( ui ))", literal: \'(( "a (( b" ))\','),
  'config.yaml',
);

describe('configuration data', () => {
  it('gives the defaults as a values file with the vendor comments', () => {
    expect(defaultValuesText([{ pipeline: 'podinfo', config }])).to.equal(
      [
        'podinfo:',
        '  # What the page says',
        '  message: "podinfo"',
        '',
        '  replicas: 1 # pods',
        '  ports: [9898]',
        '  ui: {color: blue}',
        '  url: http://(( host )):(( ports.[0] ))/',
        '  host: localhost',
        '  # the end',
        '',
      ].join('\n'),
    );
    expect(parseValues(defaultValuesText([{ pipeline: 'podinfo', config }])).values).to.deep.equal(
      defaultValues([{ pipeline: 'podinfo', config }]),
    );
  });
  it('refuses what is not ConfigData, with the position', () => {
    expect(() => parseConfigData('kind: Other\n', 'c.yaml'))
      .to.throw()
      .with.property('where', 'c.yaml:1:7');
    expect(() => parseConfigData('kind: ConfigData\nlocalization:\n- file: x\n', 'c.yaml'))
      .to.throw('names a resource')
      .with.property('where', 'c.yaml:3:3');
    expect(() => parseConfigData('kind: ConfigData\nconfiguration: {rules: [{file: x}]}\n', 'c.yaml')).to.throw(
      'needs a value',
    );
  });
});

describe('configuration', () => {
  it('merges maps, replaces lists and resolves expressions', () => {
    const merged = mergedConfiguration(config, { ports: [1, 2], ui: { size: 3 }, host: 'pod' }, 'values.yaml');
    expect(merged).to.include({ message: 'podinfo', url: 'http://pod:1/' });
    expect(merged.ports).to.deep.equal([1, 2]);
    expect(merged.ui).to.deep.equal({ color: 'blue', size: 3 });
    expect(configurationEdits(config, merged, 'values.yaml').map(each => each.value)).to.deep.equal([
      1,
      'x-blue-podinfo',
      { all: { color: 'blue', size: 3 }, literal: 'a (( b', raw: '(( x ))' },
    ]);
  });

  it('points at the fault in the consumer file', () => {
    const consumer = parseValues('podinfo:\n  message: hi\n  replicas: "3"\n  ui:\n    color: green\n  typo: 1\n');
    const merged = mergedConfiguration(config, consumer.values.podinfo, 'values.yaml');
    const faults = validateConfiguration('podinfo', config, merged, consumer);
    expect(faults.map(each => [each.path, each.message, each.where, each.source])).to.deep.equal([
      ['podinfo.typo', 'is not a setting of this product', 'values.yaml:6:9', 'consumer'],
      ['podinfo.replicas', 'must be integer', 'values.yaml:3:13', 'consumer'],
      ['podinfo.ui.color', 'must be one of "blue", "red"', 'values.yaml:5:12', 'consumer'],
    ]);
  });

  it('tells a fault of the vendor from one of the consumer', () => {
    const broken = { ...config, defaults: { ...config.defaults, replicas: 9 } };
    const consumer = parseValues('podinfo:\n  replicas: 9\n');
    const merged = mergedConfiguration(broken, consumer.values.podinfo, 'values.yaml');
    expect(validateConfiguration('podinfo', broken, merged, consumer).map(each => each.source)).to.deep.equal([
      'vendor',
    ]);
  });

  it('refuses a schema that is none', () => {
    expect(() => schemaFaults({}, { type: 'nonsense' }, 'config.yaml:1:1'))
      .to.throw()
      .with.property('code', 'product.schema-invalid');
  });
});

describe('expressions', () => {
  const resolve = (values: ConstructorParameters<typeof Expressions>[0]) => new Expressions(values, 'f').resolveRoot();
  it('looks up from the innermost map outwards', () => {
    expect(resolve({ x: 1, a: { x: 2, y: '(( x ))', z: '(( w ))' }, w: '(( a.x ))' })).to.deep.equal({
      x: 1,
      a: { x: 2, y: 2, z: 2 },
      w: 2,
    });
  });
  it('refuses circles, unknown names and whole languages', () => {
    expect(() => resolve({ a: '(( b ))', b: '(( a ))' }))
      .to.throw()
      .with.property('code', 'product.expression-cycle');
    expect(() => resolve({ a: '(( nope ))' }))
      .to.throw()
      .with.property('code', 'product.expression-unresolved');
    expect(() => resolve({ a: '(( 1 + 2 ))' }))
      .to.throw()
      .with.property('code', 'product.expression-not-supported');
    expect(() => resolve({ a: '(( self ))', self: { x: '(( self ))' } }))
      .to.throw()
      .with.property('code', 'product.expression-cycle');
  });

  const value = (text: string): unknown =>
    new Expressions(
      { a: 'x', n: 3, l: [1], deep: { a: 'inner', b: '(( .a ))' }, none: null },
      'values.yaml',
    ).resolveOutside(text, 'config.yaml:1:1');
  it('put together, choose and list, as spiff does', () => {
    expect(value('(( "v" n "-" a ))')).to.equal('v3-x');
    expect(value('(( missing || deep.missing || "default" ))')).to.equal('default');
    expect(value('(( a || "default" ))')).to.equal('x');
    expect(value('(( none || 1 ))')).to.equal(null);
    expect(value('(( l [ n, (missing || 5) ] ))')).to.deep.equal([1, 3, 5]);
    expect(value('(( deep.b ))')).to.equal('x');
  });
  it('that are more than that are refused, and named', () => {
    for (const [text, what] of [
      ['(( n + 1 ))', 'the operator +'],
      ['(( join(", ", l) ))', 'the function join'],
      ['(( merge ))', 'merge'],
      ['(( a || ))', 'something is missing'],
      ['(( l a ))', 'does not go together'],
    ] as const) {
      expect(() => value(text), text)
        .to.throw(what)
        .with.property('code', 'product.expression-not-supported');
    }
    expect(() => value('(( missing || gone ))'))
      .to.throw('missing')
      .with.property('code', 'product.expression-unresolved');
  });
});
