import { expect } from 'chai';
import { highestWithin } from '../../../product/delivery/versions';

describe('product/delivery/versions', () => {
  it('takes the highest version within the range', () => {
    expect(highestWithin(['1.0.0', '1.10.0', '1.9.0', '2.0.0'], '^1.0.0')).to.equal('1.10.0');
    expect(highestWithin(['1.0.0'], '>=1.0.0')).to.equal('1.0.0');
    expect(highestWithin([], '>=1.0.0')).to.equal(undefined);
  });

  it('goes back when the range is narrowed', () => {
    expect(highestWithin(['1.0.0', '1.1.0'], '<1.1.0')).to.equal('1.0.0');
  });

  it('knows relaxed versions and passes over what is no version', () => {
    expect(highestWithin(['v1', 'v1.2', 'latest', '0.9.0'], '>=1.0.0')).to.equal('v1.2');
  });

  it('leaves pre-releases alone unless the range names one', () => {
    expect(highestWithin(['1.0.0', '1.1.0-rc.1'], '>=1.0.0')).to.equal('1.0.0');
    expect(highestWithin(['1.0.0', '1.1.0-rc.1'], '>=1.1.0-rc.0')).to.equal('1.1.0-rc.1');
  });

  it('says what is wrong with a range', () => {
    expect(() => highestWithin(['1.0.0'], 'newest')).to.throw(/'newest' is not a semver range/);
  });
});
