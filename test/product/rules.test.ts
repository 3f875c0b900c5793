import { expect } from 'chai';
import { runProgram } from '../../product/program-run';
import { readRules, ruleFaults } from '../../product/rules';
import { havePrograms, programs } from '../support/programs';
import { codeOf } from '../support/tar';

describe('rules of a product', () => {
  before(async function () {
    await havePrograms(this, 'cue', 'opa');
  });
  const faults = async (text: string, values: Record<string, number | string | object>, limits = {}) =>
    ruleFaults(await readRules(Buffer.from(text), 'rules'), 'web', { web: values as never }, { programs, limits });

  it('in Rego 1 and in the Rego of before: path and line of what is denied', async () => {
    const old =
      'package main\n\ndeny[msg] {\n  input.replicas > 2\n  msg := sprintf("replicas: at most 2, not %d", [input.replicas])\n}\n';
    expect(await faults(old, { replicas: 3 })).to.deep.equal([
      { path: ['web', 'replicas'], message: 'replicas: at most 2, not 3', rule: 'rules:5' },
    ]);
    expect(await faults(old, { replicas: 2 })).to.deep.equal([]);
    const now =
      'package web.rules\n\ndeny contains {"msg": "too many", "path": ["replicas"]} if input.replicas > 2\n\nviolation contains "no name" if not input.name\n';
    expect(await faults(now, { replicas: 3 })).to.deep.equal([
      { path: ['web', 'replicas'], message: 'too many', rule: 'rules:3' },
      { path: ['web'], message: 'no name', rule: 'rules:5' },
    ]);
  });

  it('in CUE: every complaint with its path, quoted keys and list elements too', async () => {
    const schema = 'web: {\n  replicas: int & <=2\n  "a.b": string\n  list: [...{n: int}]\n}\n';
    const found = await faults(schema, { replicas: 3, 'a.b': 1, list: [{ n: 'x' }] });
    expect(found.map(each => each.path.join('/')).sort()).to.deep.equal(['web/a.b', 'web/list/0/n', 'web/replicas']);
    expect(found.find(each => each.path.includes('replicas'))?.rule).to.match(/^rules:2:\d+$/);
    expect(await faults(schema, { replicas: 1, 'a.b': 'x', list: [] })).to.deep.equal([]);
    expect((await faults('web: name: string\n', {})).map(each => each.message)[0]).to.match(/incomplete value/);
  });

  it('that are no rules are refused, with the place', async () => {
    expect(await codeOf(faults('web: {\n  replicas: int &\n', {}))).to.equal('product.rules-invalid');
    expect(await codeOf(faults('package main\n\ndeny contains msg if {\n  msg := nothing(1)\n}\n', {}))).to.equal(
      'product.rules-invalid',
    );
  });

  it('that never end, or take all memory, end with a clear failure', async () => {
    const endless =
      'package main\n\nr := numbers.range(1, 20000)\n\ndeny contains x if {\n  some x in r\n  some y in r\n  x + y == -1\n}\n';
    expect(await codeOf(faults(endless, {}, { seconds: 1 }))).to.equal('product.program-too-slow');
    const greedy = 'import "list"\n\nweb: {n: len([for i in list.Range(0, 100000000, 1) {i}])}\n';
    expect(await codeOf(faults(greedy, {}, { memory: 256 << 20 }))).to.equal('product.program-memory');
  });

  it('cannot reach a network, read our files or our environment', async () => {
    const send =
      'package main\n\ndeny contains x if { x := http.send({"method": "get", "url": "http://127.0.0.1:1"}).status }\n';
    expect(await codeOf(faults(send, {}))).to.equal('product.rules-invalid');
    process.env.AIRLOCK_TEST_SECRET = 'secret';
    try {
      const { stdout } = await runProgram(
        { name: 'opa', args: ['eval', '--format=json', 'opa.runtime().env'], what: 'test' },
        { programs },
      );
      expect(stdout)
        .to.match(/GOMEMLIMIT/)
        .and.not.match(/secret/);
    } finally {
      delete process.env.AIRLOCK_TEST_SECRET;
    }
  });

  it('end when they are no longer wanted', async () => {
    const gone = new AbortController();
    const endless =
      'package main\n\nr := numbers.range(1, 20000)\n\ndeny contains x if {\n  some x in r\n  some y in r\n  x + y == -2\n}\n';
    const running = ruleFaults(
      await readRules(Buffer.from(endless), 'rules'),
      'web',
      { web: { n: 1 } },
      {
        programs,
        signal: gone.signal,
      },
    );
    setTimeout(() => gone.abort(new Error('enough')), 100);
    expect(
      await running.then(
        () => '',
        (error: unknown) => (error as Error).message,
      ),
    ).to.equal('enough');
  });
});
