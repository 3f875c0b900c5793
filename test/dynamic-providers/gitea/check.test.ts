import { expect } from 'chai';
import * as branchProtection from '../../../dynamic-providers/gitea/branch-protection-handler';
import * as files from '../../../dynamic-providers/gitea/files-handler';
import * as organization from '../../../dynamic-providers/gitea/organization-handler';
import * as repository from '../../../dynamic-providers/gitea/repository-handler';
import * as team from '../../../dynamic-providers/gitea/team-handler';
import * as token from '../../../dynamic-providers/gitea/token-handler';
import * as user from '../../../dynamic-providers/gitea/user-handler';
import * as webhook from '../../../dynamic-providers/gitea/webhook-handler';
import { unknownValue } from '../../../dynamic-providers/handler';

/** An address where nobody answers: a call would fail. */
const forge = { url: 'http://127.0.0.1:1', username: 'ocm-admin', password: 'password' };
const at = { forge, owner: 'o', repository: 'r' };
const cases = {
  organization: { handler: organization, inputs: { forge, name: 'o' } },
  repository: { handler: repository, inputs: { forge, owner: 'o', name: 'r' } },
  team: { handler: team, inputs: { forge, organization: 'o', name: 't' } },
  user: { handler: user, inputs: { forge, username: 'u', email: 'u@example', password: 'long enough' } },
  token: { handler: token, inputs: { forge, name: 't', scopes: ['read:user'] } },
  webhook: { handler: webhook, inputs: { ...at, url: 'http://h', secret: 's', events: ['push'] } },
  files: { handler: files, inputs: { ...at, files: { a: 'b' } } },
  branchProtection: { handler: branchProtection, inputs: { ...at, branch: 'main' } },
};

describe('inputs of the forge resources', () => {
  for (const [name, { handler, inputs }] of Object.entries(cases)) {
    it(`${name}: complete ones pass, without a call`, async () => {
      const checked = await handler.check({}, { ...inputs, __provider: 'text' });
      expect(checked.failures ?? []).to.deep.equal([]);
      expect(checked.inputs).to.deep.include(inputs);
      expect(checked.inputs).not.to.have.property('__provider');
    });

    it(`${name}: unknown ones pass as they are, and mean a change`, async () => {
      const unknown = Object.fromEntries(Object.keys(inputs).map(key => [key, unknownValue]));
      const checked = await handler.check({}, unknown);
      expect(checked.failures ?? []).to.deep.equal([]);
      expect(checked.inputs).to.deep.include(unknown);
      const old = (await handler.check({}, inputs)).inputs as object;
      expect(await handler.diff('id', old, { ...old, ...checked.inputs, branch: unknownValue })).to.deep.equal({
        changes: true,
      });
    });

    it(`${name}: an unknown password inside the connection passes`, async () => {
      const checked = await handler.check({}, { ...inputs, forge: { ...forge, password: unknownValue } });
      expect(checked.failures ?? []).to.deep.equal([]);
    });

    it(`${name}: what is missing is named`, async () => {
      const { failures } = await handler.check({}, {});
      expect(failures?.map(failure => failure.property)).to.include('forge');
      expect(failures?.every(failure => failure.reason !== '')).to.equal(true);
    });
  }

  it('refuses paths outside the repository, short passwords and addresses that are none', async () => {
    for (const path of ['/etc/passwd', '../x', 'a//b', '.git/config', 'a/./b', '']) {
      expect((await files.check({}, { ...at, files: { [path]: 'x' } })).failures).to.have.length(1);
    }
    expect((await user.check({}, { ...cases.user.inputs, password: 'short' })).failures).to.have.length(1);
    expect((await webhook.check({}, { ...cases.webhook.inputs, url: 'nowhere' })).failures).to.have.length(1);
  });

  it('replaces for another name, and updates for the rest', async () => {
    const old = (await repository.check({}, cases.repository.inputs)).inputs as object;
    expect(await repository.diff('o/r', old, { ...old, name: 'other' })).to.deep.equal({
      changes: true,
      replaces: ['name'],
    });
    expect(await repository.diff('o/r', old, { ...old, forge: { ...forge, password: 'new' } })).to.deep.equal({
      changes: true,
    });
  });
});
