import { expect } from 'chai';
import { platformImage } from '../../images/list';
import { sourceFor } from '../../images/pull';

describe('images: where to pull from', () => {
  const gitea = platformImage('gitea');

  it('takes the registry the user names, under our own names', async () => {
    expect(await sourceFor(gitea, gitea.reference, { from: 'http://127.0.0.1:5000/mirror/' })).to.deep.equal({
      reference: 'http://127.0.0.1:5000/mirror/gitea:1.26.0',
      required: true,
    });
  });

  it('asks nobody offline, nor for what only Airlock makes', async () => {
    expect(await sourceFor(gitea, gitea.reference, { offline: true })).to.equal(undefined);
    const own = platformImage('airlock');
    expect(await sourceFor(own, own.reference, {})).to.equal(undefined);
  });

  it('gives up on a registry that does not answer, soon', async () => {
    const begun = Date.now();
    // Nothing listens on port 9 (discard) of loopback.
    expect(await sourceFor({ ...gitea, pull: '127.0.0.1:9/gitea:1' }, gitea.reference, { offline: false })).to.equal(
      undefined,
    );
    expect(Date.now() - begun).to.be.lessThan(2500);
  });
});
