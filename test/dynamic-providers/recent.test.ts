import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { Recent } from '../../dynamic-providers/recent';

describe('what a check observed', () => {
  const made = (milliseconds?: number) => new Recent<{ name: string; size: number }, string>(i => i.name, milliseconds);

  it('is given out once, for the same inputs only', () => {
    const recent = made();
    expect(recent.keep({ name: 'a', size: 1 }, 'seen')).to.equal('seen');
    expect(recent.take({ name: 'b', size: 1 })).to.equal(undefined);
    expect(recent.take({ name: 'a', size: 1 })).to.equal('seen');
    expect(recent.take({ name: 'a', size: 1 })).to.equal(undefined);
    recent.keep({ name: 'a', size: 1 }, 'seen');
    expect(recent.take({ name: 'a', size: 2 })).to.equal(undefined);
    expect(recent.take({ name: 'a', size: 1 })).to.equal(undefined);
  });

  it('is not given out once it is old', async () => {
    const recent = made(5);
    recent.keep({ name: 'a', size: 1 }, 'seen');
    await sleep(10);
    expect(recent.take({ name: 'a', size: 1 })).to.equal(undefined);
  });
});
