import { expect } from 'chai';
import { inTurn } from '../../../forge/gitea/turns';

describe('turns', () => {
  it('are taken one after the other for one key, whatever became of the one before, and at once for others', async () => {
    const seen: string[] = [];
    const step =
      (name: string, fails = false) =>
      async (): Promise<string> => {
        seen.push(`${name} begins`);
        await new Promise(done => setImmediate(done));
        seen.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const all = await Promise.allSettled([
      inTurn('one', step('a', true)),
      inTurn('one', step('b')),
      inTurn('other', step('c')),
    ]);
    expect(all.map(each => (each.status === 'fulfilled' ? each.value : String(each.reason)))).to.deep.equal([
      'Error: a',
      'b',
      'c',
    ]);
    expect(seen.indexOf('a ends')).to.be.lessThan(seen.indexOf('b begins'));
    expect(seen.indexOf('c begins')).to.be.lessThan(seen.indexOf('a ends'));
  });
});
